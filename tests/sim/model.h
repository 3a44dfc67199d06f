/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The simulated phone as a USB host sees it.
 *
 * A Model is a whole phone: its boot programs, the download agent that runs on it, its flash. It
 * knows nothing of sockets or ioctls and has no clock of its own: a front (front-stream.c,
 * front-umock.c) tells it the time, brings OUT packets and control requests and asks for IN
 * packets. Everything is in packets, not in transfers: what a transfer makes of them is the host
 * controller's business and so the front's.
 *
 * Time is in microseconds of any clock that never goes back. After every call a front looks at
 * model_attached (the phone may have left the bus or come back) and at model_deadline (when it
 * wants model_run to be called next). A Model is not thread-safe. */

#include "config.h"

typedef struct Model Model;

#define MODEL_NEVER UINT64_MAX
#define MODEL_MS UINT64_C(1000)

/* What the phone says about itself while it is on the bus. */
typedef struct UsbIdentity {
        uint16_t vendor, product;
        uint16_t max_packet;      /* of the bulk endpoints: 512, or 64 at full speed */
        uint16_t speed;           /* Mbit/s as in sysfs: 12, 480 */
        const char *product_name; /* "" when it has no strings */
        uint8_t device[18];
        uint8_t config[128];
        size_t n_config;
        unsigned enumeration; /* counts up with every new appearance on the bus */
} UsbIdentity;

/* `config` is copied. 0, or a negative errno after a line on standard error. */
int model_new(const PhoneConfig *config, Model **ret);
Model *model_free(Model *m);
DEFINE_CLEANUP(Model, model_free)

/* The clock; lets timers expire. Call it before each of the calls below. */
void model_run(Model *m, uint64_t now);
/* When model_run is wanted next; MODEL_NEVER for not at all. */
uint64_t model_deadline(const Model *m);

/* The switched-off phone gets its cable: it starts, and is attached when this returns. */
void model_power_on(Model *m);
/* The cable is pulled. What runs on the phone keeps its state (its battery is in); the next
 * model_power_on starts it from the beginning, model_replug does not. */
void model_unplug(Model *m);
/* The cable is put back on a phone whose program still runs. */
void model_replug(Model *m);
bool model_attached(const Model *m);
/* When it is not attached: will it come back by itself (model_run makes it attached)? */
bool model_returns(const Model *m);
const UsbIdentity *model_usb(const Model *m);

/* Takes OUT packets from data; the last one may be short, size 0 is a zero-length packet. 0 and
 * the bytes taken; -EAGAIN when the phone takes none now (NAK), -EPIPE stalled, -ENODEV off the
 * bus, -EPROTO line error. */
int model_out(Model *m, const void *data, size_t size, size_t *ret_taken);

/* Gives IN packets that are ready, as many whole ones as fit in room. All but the last are
 * max_packet long; ret_end says that the last one is shorter, so that a transfer ends there.
 * Returns their bytes (0 with ret_end: a zero-length packet); -EAGAIN (NAK), -EPIPE (stalled until
 * model_clear_halt), -EOVERFLOW (the next packet is larger than room, or babble: it is lost),
 * -EPROTO, -ENODEV. */
ssize_t model_in(Model *m, void *data, size_t room, bool *ret_end);
void model_clear_halt(Model *m);
/* A front that pushes packets ahead of the host says here, before model_out, whether some of them
 * have not been read yet. */
void model_set_in_flight(Model *m, bool in_flight);

/* A control request; data goes in or comes out by the direction bit. Bytes moved, or -EPIPE,
 * -ENODEV. ret_when: when its status stage is over; a listening preloader looks at the control
 * pipe only once in 20 ms. */
ssize_t model_control(
        Model *m, const uint8_t setup[8], uint8_t *data, size_t size, uint64_t *ret_when);

/* A phone that runs gets another setting, as config_set() takes it. */
int model_change(Model *m, const char *word);
/* One that hangs goes on where it was, a slow one at its own speed. */
void model_go_on(Model *m);

/* What the host did wrong so far: lines written, tolerated habits not counted. With
 * config->strict the front ends when this is not 0. */
unsigned model_breaches(const Model *m);
/* Times Android was started since model_new. */
unsigned model_boots(const Model *m);
