/* SPDX-License-Identifier: GPL-3.0-or-later */

/* XFlash agents: frames of twelve bytes (magic, type, length) and a payload.
 *
 * A receive call of the agent takes whole USB packets and subtracts their size from what it still
 * wants: a packet that is longer overruns, the call never ends. So header and payload have to be
 * packets of their own. Both stages run the same command loop and differ in what they know. */

#include "xflash-model.h"

#include <errno.h>
#include <string.h>

#include "boot-model.h"
#include "chips.h"
#include "xflash-private.h"

/* ---- sending ---- */

static bool by_bytes(const Xflash *x)
{
        if (x->stage.config->packets != PACKETS_CHIP)
                return x->stage.config->packets == PACKETS_BYTES;
        return !xflash_traits(x)->pairs;
}

void xflash_send_small(Xflash *x, const void *data, size_t size)
{
        if (by_bytes(x) && size <= 12)
                model_send_packets(xflash_model(x), data, size, 1);
        else
                model_send(xflash_model(x), data, size);
}

void xflash_send_header(Xflash *x, uint32_t type, uint32_t size)
{
        uint8_t h[12];
        frame_head(xflash_model(x), type, size, h);
        xflash_send_small(x, h, sizeof(h));
}

void xflash_send_frame(Xflash *x, const void *data, size_t size)
{
        xflash_send_header(x, 1, (uint32_t)size);
        xflash_send_small(x, data, size);
}

void xflash_send_word(Xflash *x, uint32_t v)
{
        uint8_t d[4];
        put_le32(d, v);
        xflash_send_frame(x, d, 4);
}

void xflash_send_status(Xflash *x, uint32_t status)
{
        static const char text[] = "agent: done";
        uint64_t v = status;
        uint8_t priority[4] = { 1 };
        if (x->log_channel & 2) {
                xflash_send_header(x, 2, sizeof(text) + 3);
                xflash_send_small(x, priority, sizeof(priority));
                xflash_send_small(x, text, sizeof(text) - 1);
        }
        model_fault(xflash_model(x), FAULT_STATUS, &v);
        xflash_send_word(x, (uint32_t)v);
}

/* ---- receiving ---- */

void xflash_want(Xflash *x, size_t max, XflashWant next)
{
        x->want = next;
        frame_want(&x->frame, max);
}

static void stuck(Xflash *x, const char *why)
{
        x->want = NULL;
        model_halt(xflash_model(x), why);
}

static void xflash_packet(Stage *s, const uint8_t *data, size_t size)
{
        Xflash *x = (Xflash *)s;
        if (!x->want) {
                model_breach(s->model, BREACH_EARLY, "%zu bytes", size);
                return;
        }
        if (size && !x->frame.in_payload && !x->frame.got)
                x->early = !model_collected(s->model); /* who waits for the frame decides */
        switch (frame_take(&x->frame, s->model, data, size)) {
        case FRAME_MORE: return;
        case FRAME_EMPTY: stuck(x, "stale byte in place of a zero-length packet"); return;
        case FRAME_JOINED: stuck(x, "receiver overrun"); return;
        case FRAME_MAGIC: stuck(x, "out of step"); return;
        case FRAME_LENGTH: stuck(x, "frame larger than the buffer"); return;
        case FRAME_WHOLE: break;
        }
        XflashWant next = TAKE_PTR(x->want);
        _cleanup_free_ uint8_t *payload = TAKE_PTR(x->frame.payload);
        next(x, payload, x->frame.size);
}

/* ---- start-up of stage 1 ---- */

static void start_ready(Stage *s)
{
        Xflash *x = (Xflash *)s;
        model_step(s->model, "sync");
        xflash_send_word(x, XFLASH_SYNC);
        model_event(s->model, "stage 1 ready");
        xflash_loop(x);
}

static void start_hw_count(Xflash *x, const uint8_t *data, size_t size)
{
        model_step(xflash_model(x), "hw-init");
        if (size != 4 || (get_le32(data) & 0xff))
                model_breach(xflash_model(x), BREACH_FRAME, "hardware parameters: %zu bytes, %u",
                        size, get_le32(data));
        xflash_send_status(x, 0);
        if (!x->stage.config->storage) {
                stuck(x, "no storage");
                return;
        }
        x->stage.timer = model_now(xflash_model(x)) + 5 * MODEL_MS;
}

static void start_hw(Xflash *x, const uint8_t *data, size_t size)
{
        if (size != 4 || get_le32(data) != 0x10101) {
                model_breach(xflash_model(x), BREACH_ORDER, "hardware parameters were due");
                stuck(x, "start-up");
                return;
        }
        xflash_want(x, 4, start_hw_count);
}

static void start_environment(Xflash *x, const uint8_t *data, size_t size)
{
        model_step(xflash_model(x), "environment");
        if (size != 20)
                model_breach(xflash_model(x), BREACH_FRAME, "environment of %zu bytes", size);
        x->log_channel = get_le32(data + 4);
        x->host_os = get_le32(data + 8);
        if (x->host_os == 1)
                model_breach(xflash_model(x), TOLERATED_HOST_OS, "reads of 64 KiB");
        else if (x->host_os)
                model_breach(xflash_model(x), BREACH_FRAME, "host system %u", x->host_os);
        xflash_send_status(x, 0);
        xflash_want(x, 4, start_hw);
}

static void start_setup(Xflash *x, const uint8_t *data, size_t size)
{
        if (size != 4 || get_le32(data) != 0x10100) {
                model_breach(xflash_model(x), BREACH_ORDER, "environment was due");
                stuck(x, "start-up");
                return;
        }
        xflash_want(x, 20, start_environment);
}

static void start_sync(Xflash *x, const uint8_t *data, size_t size)
{
        model_step(xflash_model(x), "hello");
        if (size != 4 || get_le32(data) != XFLASH_SYNC) {
                model_breach(xflash_model(x), BREACH_SYNC, "%08x", get_le32(data));
                stuck(x, "no SYNC");
                return;
        }
        xflash_want(x, 4, start_setup);
}

/* Agents made by mkagent name their chip; one for another chip does not start. */
static void stage1_enter(Stage *s)
{
        Xflash *x = (Xflash *)s;
        const uint8_t hello = 0xc0;
        size_t size;
        x->level = 1;
        const uint8_t *agent = model_agent(s->model, &size);
        if (!agent_fits(agent, size, s->chip, &x->ours)) {
                stuck(x, "agent of another chip");
                return;
        }
        /* the digest of stage 2 is looked for in what was sent, so keep it */
        x->stage1 = malloc(size);
        if (!x->stage1)
                abort();
        memcpy(x->stage1, agent, size);
        x->n_stage1 = size;
        model_event(s->model, "stage 1 started");
        model_step(s->model, "stage1");
        model_send(s->model, &hello, 1);
        xflash_want(x, 4, start_sync);
}

static void xflash_leave(Stage *s)
{
        free(((Xflash *)s)->stage1);
        free(((Xflash *)s)->frame.payload);
}

/* ---- BOOT_TO ---- */

static void boot_image(Xflash *x, const uint8_t *data, size_t size)
{
        Model *m = xflash_model(x);
        model_step(m, "stage2-received");
        if (size != x->boot_size)
                model_breach(m, BREACH_FRAME, "stage 2 of %zu bytes, %llu announced", size,
                        (unsigned long long)x->boot_size);
        if (x->ours && !agent_knows(x->stage1, x->n_stage1, data, size)) {
                model_event(m, "stage 2 refused");
                xflash_send_status(x, 0xc0070004);
                xflash_loop(x);
                return;
        }
        model_event(m, "stage 2 accepted, %zu bytes", size);
        xflash_send_status(x, 0);
        *(XflashInherited *)model_scratch(m) = (XflashInherited){
                .host_os = x->host_os,
                .log_channel = x->log_channel,
                .checksum_level = x->checksum_level,
        };
        model_pause(m, 5 * MODEL_MS);
        model_next(m, &xflash_stage2);
}

static void boot_where(Xflash *x, const uint8_t *data, size_t size)
{
        if (size != 16)
                model_breach(xflash_model(x), BREACH_FRAME, "boot parameters of %zu bytes", size);
        x->boot_size = get_le64(data + 8);
        model_step(xflash_model(x), "stage2-data");
        xflash_want(x, 16 * MiB, boot_image);
}

void xflash_cmd_boot_to(Xflash *x)
{
        if (x->stage.chip->boot == &boot_rom && !x->ram_ready) {
                model_breach(xflash_model(x), BREACH_ORDER, "stage 2 without memory");
                stuck(x, "no memory to load to");
                return;
        }
        xflash_send_status(x, 0);
        xflash_want(x, 16, boot_where);
}

static void stage2_enter(Stage *s)
{
        Xflash *x = (Xflash *)s;
        const XflashInherited *chosen = model_scratch(s->model);
        x->level = 2;
        x->host_os = chosen->host_os;
        x->log_channel = chosen->log_channel;
        x->checksum_level = chosen->checksum_level;
        x->locked = s->config->sla;
        model_event(s->model, "stage 2 started");
        model_step(s->model, "stage2");
        xflash_send_word(x, XFLASH_SYNC);
        xflash_loop(x);
}

const StageOps xflash_stage1 = {
        .name = "xflash stage 1",
        .size = sizeof(Xflash),
        .enter = stage1_enter,
        .packet = xflash_packet,
        .timer = start_ready,
        .leave = xflash_leave,
};

const StageOps xflash_stage2 = {
        .name = "xflash stage 2",
        .size = sizeof(Xflash),
        .enter = stage2_enter,
        .packet = xflash_packet,
        .leave = xflash_leave,
};
