/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Keeps the computer awake while a phone is at work, through logind.
 *
 * Locks are held for as long as that lasts. The block lock keeps the computer from going to sleep or
 * being switched off, also when the lid is closed. Not everybody respects it (root need not, and an
 * empty battery does not ask), and logind may refuse it. So there are delay locks beside it: when
 * the computer does go down all the same, logind says so first and waits for some seconds, in which
 * phones are let go cleanly. Afterwards all are given up.
 *
 * Without logind there are no locks, which is said once, and everything else works. */

#include <systemd/sd-bus.h>

#include "basic/cleanup.h"

typedef struct InhibitEvents {
        /* Phones have to be let go now, and nothing new is begun; inhibit_set(false) when all are
         * gone. May come again. */
        void (*going_down)(void *userdata, bool shutdown);
        /* It is awake again, or has not gone down at all. */
        void (*back)(void *userdata);
} InhibitEvents;

typedef struct Inhibit Inhibit;

/* events must outlive it. Knows no bus yet. */
int inhibit_new(sd_event *event, const InhibitEvents *events, void *userdata, Inhibit **ret);
Inhibit *inhibit_free(Inhibit *i);
DEFINE_CLEANUP(Inhibit, inhibit_free)

/* The bus is there; borrowed until it goes, which has to be told before. Locks that are held
 * outlive the connection. */
int inhibit_connect(Inhibit *i, sd_bus *bus);
void inhibit_disconnect(Inhibit *i);

/* Whether a phone is at work. */
void inhibit_set(Inhibit *i, bool wanted);
