/* SPDX-License-Identifier: GPL-3.0-or-later */

/* XFlash agents: frames of twelve bytes (magic, type, length) and a payload.
 *
 * A receive call of the agent takes whole USB packets and subtracts their size from what it still
 * wants: a packet that is longer overruns, the call never ends. So header and payload have to be
 * packets of their own. Both stages run the same command loop and differ in what they know. */

#include "xflash-model.h"

#include <errno.h>
#include <string.h>

#include "basic/digest.h"
#include "boot-model.h"
#include "chips.h"
#include "gen-agent.h"
#include "xflash-private.h"

static const uint8_t frame_magic[4] = { 0xef, 0xee, 0xee, 0xfe };

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
        uint64_t claimed = size, unused;
        model_fault(xflash_model(x), FAULT_LENGTH, &claimed);
        memcpy(h, frame_magic, 4);
        if (model_fault(xflash_model(x), FAULT_MAGIC, &unused))
                h[1] ^= 0x55;
        put_le32(h + 4, type);
        put_le32(h + 8, (uint32_t)claimed);
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
        x->want_max = max;
        x->in_payload = false;
        x->want_size = 12;
        x->got = 0;
}

static void stuck(Xflash *x, const char *why)
{
        x->want = NULL;
        model_halt(xflash_model(x), why);
}

static void header_received(Xflash *x)
{
        uint32_t size = get_le32(x->header + 8);
        if (memcmp(x->header, frame_magic, 4) != 0) {
                char hex[2 * 12 + 1];
                hex_encode(x->header, 12, hex);
                model_breach(xflash_model(x), BREACH_MAGIC, "%s", hex);
                stuck(x, "out of step");
                return;
        }
        if (get_le32(x->header + 4) != 1)
                model_breach(xflash_model(x), BREACH_FRAME, "type %u", get_le32(x->header + 4));
        if (size > x->want_max || !size) {
                model_breach(
                        xflash_model(x), BREACH_FRAME, "%u bytes where %zu fit", size, x->want_max);
                stuck(x, "frame larger than the buffer");
                return;
        }
        memset(x->small, 0, sizeof(x->small));
        x->payload = size > sizeof(x->small) ? model_agent_buffer(xflash_model(x), size) : x->small;
        if (!x->payload)
                abort();
        x->in_payload = true;
        x->want_size = size;
        x->got = 0;
}

static void xflash_packet(Stage *s, const uint8_t *data, size_t size)
{
        Xflash *x = (Xflash *)s;
        uint8_t *to = x->in_payload ? x->payload : x->header;
        if (!x->want) {
                model_breach(s->model, BREACH_EARLY, "%zu bytes", size);
                return;
        }
        if (!size) {
                model_breach(s->model, BREACH_ZLP, "to the agent");
                stuck(x, "stale byte in place of a zero-length packet");
                return;
        }
        if (!x->in_payload && !x->got)
                x->early = !model_collected(s->model); /* who waits for the frame decides */
        if (size > x->want_size - x->got) {
                model_breach(s->model, BREACH_JOINED, "%zu bytes where %zu were wanted", size,
                        x->want_size - x->got);
                stuck(x, "receiver overrun");
                return;
        }
        memcpy(to + x->got, data, size);
        x->got += size;
        if (x->got < x->want_size)
                return;
        if (!x->in_payload) {
                header_received(x);
                return;
        }
        XflashWant next = TAKE_PTR(x->want);
        next(x, x->payload, x->want_size);
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
static bool made_for_this_chip(Xflash *x)
{
        size_t size;
        const uint8_t *agent = model_agent(xflash_model(x), &size);
        const uint8_t *mark = memmem(agent, size, AGENT_MARK, strlen(AGENT_MARK));
        unsigned code;
        char text[16] = {};
        if (!mark || (size_t)(agent + size - mark) < strlen(AGENT_MARK) + 8)
                return true;
        x->ours = true;
        memcpy(text, mark + strlen(AGENT_MARK), 8);
        return sscanf(text, "%x", &code) != 1 || code == x->stage.chip->da_code;
}

static void stage1_enter(Stage *s)
{
        Xflash *x = (Xflash *)s;
        const uint8_t hello = 0xc0;
        size_t size;
        x->level = 1;
        if (!made_for_this_chip(x)) {
                stuck(x, "agent of another chip");
                return;
        }
        /* the digest of stage 2 is looked for in what was sent, so keep it */
        const uint8_t *agent = model_agent(s->model, &size);
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
}

/* ---- BOOT_TO ---- */

static bool digest_in_stage1(const Xflash *x, const uint8_t *image, size_t size)
{
        uint8_t sum[DIGEST_SIZE_MAX];
        digest_of(DIGEST_SHA256, image, size, sum);
        if (memmem(x->stage1, x->n_stage1, sum, SHA256_SIZE))
                return true;
        digest_of(DIGEST_SHA1, image, size, sum);
        return memmem(x->stage1, x->n_stage1, sum, SHA1_SIZE);
}

static void boot_image(Xflash *x, const uint8_t *data, size_t size)
{
        Model *m = xflash_model(x);
        model_step(m, "stage2-received");
        if (size != x->boot_size)
                model_breach(m, BREACH_FRAME, "stage 2 of %zu bytes, %llu announced", size,
                        (unsigned long long)x->boot_size);
        if (x->ours && !digest_in_stage1(x, data, size)) {
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
