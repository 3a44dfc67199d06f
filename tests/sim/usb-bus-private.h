/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What usb-bus.c (ports, sysfs, uevents) and usb-node.c (requests on an open node) share. */

#include <pthread.h>
#include <umockdev.h>

#include "usb-bus.h"

enum { INTERFACES_MAX = 4, SPARE_MAX = 64, SPARE_SIZE = 1024 * 1024 };

typedef struct Urb {
        struct Urb *next;
        UMockdevIoctlData *request;
        UMockdevIoctlData *buffer; /* the program's memory; of a bulk IN only when it is reaped */
        uint8_t *data;             /* bulk IN: what has come, from the node's spare buffers */
        size_t done;
        bool started;  /* a control request that was given to the device */
        uint64_t when; /* and is finished then */
        ssize_t result;
} Urb;

typedef struct UrbList {
        Urb *first, **last;
} UrbList;

/* One appearance of a device on its port: a node of its own. It lives as long as the bus, since
 * a program may hold the node open after the device has gone. */
typedef struct UsbNode {
        struct UsbNode *next;
        UsbPort *port;
        UsbIdentity usb;
        unsigned devnum;
        char name[32]; /* "/dev/bus/usb/001/002" */
        UMockdevIoctlBase *handler;
        int gate; /* the FIFO; one byte inside: nothing to reap */
        bool gate_full;
        bool gone; /* the device left */
        bool in_halted;
        UrbList pending, done;
        uint8_t *spare[SPARE_MAX]; /* each of SPARE_SIZE */
        size_t n_spare;
        size_t read_pos;
        bool driver[INTERFACES_MAX], claimed[INTERFACES_MAX];
        uint64_t driver_at;
        uint64_t added_at; /* 0: the event was not sent yet */
        bool spoken;
        /* sysfs paths, in the order they are added */
        char *paths[2 + INTERFACES_MAX];
        size_t n_paths;
} UsbNode;

struct UsbPort {
        UsbPort *next;
        UsbBus *bus;
        unsigned number;
        Device *device;
        FILE *log;
        uint64_t cdc_acm_ms;
        unsigned faults;
        pthread_mutex_t lock; /* device and node */
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
        unsigned last_devnum;
        pthread_t thread;
        bool running, stop;
        int wake;
        pthread_mutex_t lock; /* the list of ports */
};

/* usb-node.c; all with the port's lock held */
int node_open_gate(UsbNode *n, const char *path);
void node_attach(UsbNode *n, UMockdevTestbed *testbed);
/* Moves what can be moved between the device and the queued requests. */
void node_pump(UsbNode *n, uint64_t now);
/* The device has left: everything queued ends. */
void node_vanish(UsbNode *n);
/* When a queued control request ends; MODEL_NEVER none. */
uint64_t node_deadline(const UsbNode *n);
void node_bind_driver(UsbNode *n, uint64_t now);
void node_free(UsbNode *n);

/* usb-bus.c: the port's state changed, its time has to be looked at again */
void port_changed(UsbPort *p);
