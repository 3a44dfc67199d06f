/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A Device behind a usb-redir port of QEMU, as its usbredir peer.
 *
 * The guest's kernel sees it at an xHCI port: what the device is, when it comes and goes, and all
 * its transfers are ours. One thread; the owner polls redir_fd and calls redir_run whenever
 * something is ready there, at the device's descriptor, or at the deadline. */

#include "device.h"

typedef struct RedirFront RedirFront;

/* Connects to the chardev's socket. The guest must run already: an incoming migration and a peer
 * that talks do not go together. The device becomes the front's. */
int redir_new(const char *path, Device *device, FILE *log, RedirFront **ret);
RedirFront *redir_free(RedirFront *f);
DEFINE_CLEANUP(RedirFront, redir_free)

/* Put the cable in or pull it. 0, -EALREADY. */
int redir_plug(RedirFront *f);
int redir_unplug(RedirFront *f);
/* Another device at the same port; the old one is pulled and freed. */
void redir_set_device(RedirFront *f, Device *device);
Device *redir_device(RedirFront *f);

int redir_fd(const RedirFront *f);
/* For poll. */
short redir_events(const RedirFront *f);
uint64_t redir_deadline(const RedirFront *f);
/* 0, or a negative errno when the machine is gone. */
int redir_run(RedirFront *f, uint64_t now);
