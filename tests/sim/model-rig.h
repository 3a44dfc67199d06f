/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A simulated phone under a clock of the test's own, and a host with a FIFO in that time. What the
 * phone does not do as it should fails the test that runs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "basic/bytes.h"
#include "model.h"

typedef struct Rig {
        Model *model;
        PhoneConfig config;
        uint64_t now;
        uint8_t *agent; /* container file for its chip */
        uint8_t *in;
        size_t n_in;
        size_t packets, zlps;
        int error;     /* the last thing that was wrong on the wire */
        bool collects; /* IN tokens are sent all the time */
} Rig;

/* For the group: a folder with the flash of an eMMC and of a UFS phone, 32 MiB of user area. */
extern char rig_top[];
int rig_set_up(void **state);
int rig_tear_down(void **state);

/* A phone of this chip, set up by KEY=VALUE words and switched off. */
Rig *rig_new(const char *chip, const char *const *words);
#define RIG(chip, ...) rig_new(chip, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
void rig_free(Rig *r);

void rig_run(Rig *r, uint64_t ms);
/* Takes what the phone has ready into r->in. */
void rig_collect(Rig *r);
/* 0x2120 SET_LINE_CODING, 0x0009 SET_CONFIGURATION. */
void rig_control(Rig *r, unsigned request);
void rig_plug(Rig *r);
bool rig_try_out(Rig *r, const void *data, size_t size);
void rig_out(Rig *r, const void *data, size_t size);
/* Waits for n bytes. */
bool rig_have(Rig *r, size_t n);
void rig_drop(Rig *r, size_t n);
/* The next bytes are these, and are taken. */
void rig_expect(Rig *r, const void *data, size_t size);
#define EXPECT(r, ...)                                                                             \
        rig_expect(r, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define OUT(r, ...)                                                                                \
        rig_out(r, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

void rig_expect_silence(Rig *r, uint64_t ms);
/* The phone's log has this text. */
bool rig_logged(Rig *r, const char *text);

/* ---- a well-behaved host ---- */

void rig_handshake(Rig *r);
void rig_send_agent(Rig *r, const uint8_t *stage1, size_t size);
void rig_jump(Rig *r);
/* XFlash: a frame, one of a single word, the next one that comes, and that as a status. */
void rig_frame(Rig *r, const void *data, size_t size);
void rig_word(Rig *r, uint32_t v);
uint32_t rig_get_frame(Rig *r, uint8_t *data, size_t room);
uint32_t rig_status(Rig *r);
/* Of the container of its chip; i 1: stage 1. */
uint8_t *rig_region(Rig *r, size_t i, size_t *ret_size);
/* Handshake, then the stage 1 of that one's container, which is accepted. */
void rig_load_stage1(Rig *r, Rig *of);
/* What a stage 1 that has started is told. */
void rig_configure(Rig *r, uint32_t host_os);
void rig_start_stage1(Rig *r, uint32_t host_os);
void rig_start_stage2(Rig *r);
/* All of that, until stage 2 waits for commands. */
void rig_start_agent(Rig *r);
/* Asks for a range of a section and returns the answer. */
uint32_t rig_read_begin(Rig *r, uint32_t section, uint64_t address, uint64_t size);
/* Reads a range and compares it with the file of the flash. */
void rig_read_compare(Rig *r, uint32_t section, const char *file, uint64_t address, uint64_t size);
