/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What usb-bus.c (ports, sysfs, uevents), usb-node.c (requests) and usb-server.c (connections)
 * share. */

#include <pthread.h>
#include <umockdev.h>

#include "usb-bus.h"
#include "usb-queue.h"
#include "usb-wire.h"

enum { INTERFACES_MAX = 4 };

typedef struct UsbFile UsbFile;

/* One appearance of a device on its port: a node of its own. It lives as long as the bus, since
 * a program may hold the node open after the device has gone. */
typedef struct UsbNode {
        struct UsbNode *next;
        UsbPort *port;
        UsbIdentity usb;
        unsigned devnum;
        char name[USB_WIRE_NAME]; /* "/dev/bus/usb/001/002" */
        int gate;                 /* the FIFO; one byte inside: nothing to reap */
        bool gate_full;
        bool gone; /* the device left */
        UsbQueue queue;
        bool driver[INTERFACES_MAX];
        UsbFile *claimed[INTERFACES_MAX];
        uint64_t driver_at;
        uint64_t added_at; /* 0: the event was not sent yet */
        /* sysfs paths, in the order they are added */
        char *paths[2 + INTERFACES_MAX];
        size_t n_paths;
} UsbNode;

/* An open descriptor of a node: a connection, served by a thread of its own. */
struct UsbFile {
        UsbFile *next;
        UsbBus *bus;
        UsbNode *node;
        int socket;
        pthread_t thread;
        size_t read_pos;
        uint8_t *room; /* for questions */
};

struct UsbPort {
        UsbPort *next;
        UsbBus *bus;
        unsigned number;
        Device *device;
        FILE *log;
        uint64_t cdc_acm_ms;
        unsigned faults;
        pthread_mutex_t lock; /* device and nodes */
        UsbNode *node;        /* the current appearance, NULL none */
        uint64_t armed;       /* the time thread will look at this port then */
        int polled;           /* and this descriptor of the device is among those it waits for */
        guint sync;
        char name[16]; /* "1-1" */
};

struct UsbBus {
        UMockdevTestbed *testbed;
        char *root, *hub;
        UsbPort *ports;
        UsbNode *nodes; /* all there ever were */
        UsbFile *files; /* likewise */
        unsigned last_devnum;
        pthread_t time_thread, server_thread;
        bool has_time_thread, has_server_thread, stop;
        int wake, server;
        pthread_mutex_t lock; /* the lists */
};

/* usb-node.c; all with the port's lock held */
int node_open_gate(UsbNode *n, const char *path);
/* Moves what can be moved between the device and the queued requests. */
void node_pump(UsbNode *n, uint64_t now);
/* The device has left: everything queued ends. */
void node_vanish(UsbNode *n);
/* When a queued control request ends; MODEL_NEVER none. */
uint64_t node_deadline(const UsbNode *n);
void node_bind_driver(UsbNode *n, uint64_t now);
/* An ioctl: `data` are `size` bytes from the program, changed where it gets something back. When
 * a request is reaped, ret_urb is it, and the caller frees it with urb_free. */
void node_ioctl(UsbNode *n, UsbFile *f, const UsbAsk *ask, uint8_t *data, UsbSaid *said,
        Urb **ret_urb, uint64_t now);
/* The program closed the descriptor: its requests and claims end. */
void node_close(UsbNode *n, UsbFile *f);
UsbNode *node_free(UsbNode *n);

/* usb-server.c */
int server_start(UsbBus *b);
void server_stop(UsbBus *b);

/* usb-bus.c: the port's state changed, its time has to be looked at again */
void port_changed(UsbPort *p);
UsbNode *bus_find_node(UsbBus *b, const char *name);
