/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A simulated phone for one test: flash and agent in a temporary directory, the program tests/sim/phone
 * as its own process behind a socket, strict: a breach of the protocol by us ends it. */

#include <sys/types.h>

#include "protocol/session.h"
#include "transport/transport.h"

enum { PHONE_WORDS_MAX = 24 };

typedef struct Phone {
        char dir[64];
        char chip[32];
        bool ufs;
        uint64_t gp1_size;                 /* bytes; 0: it has none */
        const char *user_size, *boot_size; /* "24M", "2M" */
        const char *flash_words[8];        /* more arguments of mkflash, mkagent, mkpreloader */
        const char *agent_words[8];
        const char *preloader_words[8];  /* NULL: no preloader file */
        char words[PHONE_WORDS_MAX][96]; /* --set */
        size_t n_words;
        bool lenient;         /* not --strict */
        unsigned patience_ms; /* the longest a wait may be; may change at any time */
        pid_t pid;

        /* the host's side */
        Transport *transport; /* what the protocols use */
        BootIdentity identity;
        const Chip *chip_row;
        DaAgent *agent;
        DaSession *session;
        unsigned replugs;
        DramSettings dram;
        uint8_t *dram_file;
} Phone;

/* Nothing is made or running yet. */
Phone *phone_new(const char *chip);
Phone *phone_free(Phone *p);
DEFINE_CLEANUP(Phone, phone_free)
/* A variation: "key=value", "fault=…". */
void phone_set(Phone *p, const char *word);

/* Makes flash and agent, starts the phone and connects to it. */
void phone_power_on(Phone *p);
/* Handshake, identification, watchdog. */
int phone_identify(Phone *p, Failure *f);
/* Brings the agent to its command loop, storage known. */
int phone_start(Phone *p, Failure *f);
/* All of it, which has to work. */
void phone_ready(Phone *p);
/* Reads a part of a region and compares it with the flash: 0, -EBADMSG when it differs, or the error
 * of the read. *ret_good: bytes that were the same, from the start on; may be NULL. */
int phone_compare_range(
        Phone *p, RegionKind kind, uint64_t offset, uint64_t size, uint64_t *ret_good, Failure *f);
int phone_compare(Phone *p, RegionKind kind, Failure *f);
/* Every readable region; fails the test when one differs. */
void phone_compare_all(Phone *p);
/* Stops the phone: true when nothing was wrong with the host's protocol. */
bool phone_stop(Phone *p);
/* Waits until the phone has ended by itself: true when it did so because of a breach. Nothing is read
 * from it meanwhile: what is unread is what it goes by. */
bool phone_ends_by_breach(Phone *p);
/* Its event log, for messages and for looking things up. The caller frees. */
char *phone_log(const Phone *p);
