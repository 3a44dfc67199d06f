/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What boot-model.c (listening), boot-command.c (commands), boot-access.c (registers) and boot-agent.c
 * (the way to an agent that runs) share. */

#include "boot-model.h"
#include "chips.h"

typedef enum BootState { BOOT_WAITS, BOOT_LISTENS, BOOT_TOKENS, BOOT_LOOP, BOOT_STILL } BootState;

typedef struct Boot Boot;
typedef void (*BootWant)(Boot *b, const uint8_t *data);

struct Boot {
        Stage stage;
        BootState state;
        bool coding;
        uint64_t window_start, tokens_end, ready_since;
        uint8_t fifo[1024];
        size_t n_fifo;
        uint8_t word[8];
        size_t n_word;
        unsigned token;

        /* what the command that runs waits for */
        BootWant want;
        size_t want_size, got;
        uint8_t arg[64];
        uint8_t op;
        uint32_t address, count;

        uint8_t *agent;
        size_t agent_size, agent_got;
        uint32_t signature;
        bool accepted;
        uint32_t wdt_mode;
        uint32_t sent_to; /* where the host wanted the agent */
};

static inline const BootTraits *boot_traits(const Boot *b)
{
        return b->stage.chip->boot_traits;
}
static inline Model *boot_model(Boot *b)
{
        return b->stage.model;
}

/* Bytes of a host that has shaken hands. */
void boot_feed(Boot *b, const uint8_t *data, size_t size);
/* Waits for a command. */
void boot_loop(Boot *b);
/* The next `size` bytes go to next. */
void boot_want(Boot *b, size_t size, BootWant next);
void boot_be16(Boot *b, uint32_t v);
void boot_be32(Boot *b, uint32_t v);
/* 0, or what a fault makes of it. */
void boot_status(Boot *b, uint32_t status);

/* Reads and writes of registers, by b->op. */
void boot_access(Boot *b);

void boot_send_agent(Boot *b);
/* Some of the bytes that were announced: as many as it takes. */
size_t boot_agent_data(Boot *b, const uint8_t *data, size_t size);
void boot_jump(Boot *b);
void boot_jump64(Boot *b);
