/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What model.c (phone, programs, time) and model-wire.c (queue, packets, faults) share. */

#include "stage.h"

typedef struct Piece {
        struct Piece *next;
        size_t packet; /* largest packet of this run */
        size_t size, pos;
        uint64_t due;
        bool flash;
        FlashArea area;
        uint64_t offset;
        uint8_t data[];
} Piece;

struct Model {
        PhoneConfig config;
        FILE *log;
        Flash *flash;
        Stage *stage;
        const StageOps *next;
        uint64_t now;

        UsbIdentity usb;
        UsbKind usb_kind;
        bool attached, came_back;
        bool leaving; /* it has left, what follows waits until the stage has returned */
        uint64_t leave_at, return_at;
        After after;
        unsigned boots, breaches;
        unsigned told[_BREACH_MAX];

        uint8_t *agent;
        size_t n_agent;
        _Alignas(16) uint8_t scratch[MODEL_SCRATCH];
        bool in_flight;

        /* answers */
        Piece *first, **last;
        uint64_t not_before;
        uint64_t wire; /* with pace: bytes the wire will have carried at its next free moment */
        uint64_t slow_until, slow_us;
        uint64_t bytes_in, bytes_out; /* of the phone */
        uint64_t data_sent;
        bool asked; /* the host has said something since the last packet to it */
        uint64_t
                turns; /* how often the wire turned round: something from the host, then an answer */
        uint64_t random;

        /* faults */
        uint64_t steps;
        char step[32];
        bool halted;              /* the IN pipe */
        bool stuck;               /* the program is: what it had sent still leaves */
        bool hung, hung_for_ever; /* the wire is */
        uint64_t hung_until;
        FaultKind wire_fault; /* for the next packet; _FAULT_MAX none */
        uint64_t wire_value;
};

/* model.c */
void model_settle(Model *m);
void model_leave_now(Model *m);
