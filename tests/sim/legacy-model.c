/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Legacy agents: big endian words, one USB packet a field, one answer byte a step.
 *
 * The first stage tells what it sees (hello), is told how to set up the phone, and loads the second
 * one, which reports and takes commands. The older kind has one stage and is shown a table of NAND
 * devices instead. A DA2 is code that goes on where DA1 stopped, so here both are one program: its
 * state survives in the struct, and the second stage begins with the report. */

#include "legacy-model.h"

#include <string.h>

#include "boot-model.h"
#include "frame.h"
#include "legacy-private.h"

enum {
        ACK = 0x5a,
        NACK = 0xa5,
        CONT = 0x69,
        STAGE2_MAX = 4 * 1024 * 1024,
        NAND_ENTRY = 52,
        DRAM_ENTRY = 0xbc,
        NOT_FOUND = 0xbc4,
        DRAM_NOT_SET_UP = 0xbc3,
        DRAM_NOT_SET_UP_2013 = 0xbbf,
};

/* ---- sending ---- */

void legacy_u8(Legacy *l, uint8_t v)
{
        model_send(legacy_model(l), &v, 1);
}

void legacy_be16(Legacy *l, uint16_t v)
{
        uint8_t p[2];
        put_be16(p, v);
        model_send(legacy_model(l), p, sizeof(p));
}

void legacy_be32(Legacy *l, uint32_t v)
{
        uint8_t p[4];
        put_be32(p, v);
        model_send(legacy_model(l), p, sizeof(p));
}

void legacy_be64(Legacy *l, uint64_t v)
{
        legacy_be32(l, (uint32_t)(v >> 32));
        legacy_be32(l, (uint32_t)v);
}

void legacy_refuse(Legacy *l, uint32_t status)
{
        legacy_u8(l, NACK);
        legacy_be32(l, status);
}

/* ---- receiving ---- */

void legacy_want(Legacy *l, size_t size, LegacyWant next)
{
        l->want = next;
        l->want_size = size;
        l->got = 0;
        free(l->large);
        l->large = size > sizeof(l->small) ? malloc(size) : NULL;
        if (size > sizeof(l->small) && !l->large)
                abort();
}

void legacy_stuck(Legacy *l, const char *why)
{
        l->want = NULL;
        model_halt(legacy_model(l), why);
}

/* Fields may share a packet as long as the phone says nothing between them: it takes bytes. What
 * comes before an answer was collected was sent by somebody who did not wait for it. */
void legacy_packet(Stage *s, const uint8_t *data, size_t size)
{
        Legacy *l = (Legacy *)s;
        if (!size) {
                model_breach(s->model, BREACH_ZLP, "to the agent");
                return;
        }
        if (!model_collected(s->model))
                model_breach(s->model, BREACH_EARLY, "%zu bytes", size);
        while (size) {
                if (!l->want) {
                        model_breach(s->model, BREACH_EARLY, "%zu bytes nobody wants", size);
                        return;
                }
                size_t n = MIN(size, l->want_size - l->got);
                uint8_t *to = l->large ?: l->small;
                memcpy(to + l->got, data, n);
                l->got += n;
                data += n;
                size -= n;
                if (l->got < l->want_size)
                        return;
                LegacyWant next = TAKE_PTR(l->want);
                uint8_t *block = TAKE_PTR(l->large);
                next(l, to);
                free(block);
                if (size && !model_sent(s->model))
                        model_breach(s->model, BREACH_JOINED, "%zu bytes behind a request", size);
        }
}

/* ---- hello ---- */

void legacy_cid(const Legacy *l, uint8_t cid[16])
{
        static const uint8_t start[] = { 0x15, 0x01, 0x00, 'S', 'I', 'M', 'E', 'M', 'C', 0x10 };
        phone_id(l->stage.config, "cid", cid, 16);
        if (l->stage.config->ids == IDS_NORMAL)
                memcpy(cid, start, sizeof(start));
}

static void turn_words(uint8_t cid[16])
{
        for (size_t i = 0; i < 16; i += 4)
                put_le32(cid + i, get_be32(cid + i));
}

static void send_ids(Legacy *l)
{
        unsigned n = legacy_traits(l)->n_ids;
        uint8_t zeros[2 * 32] = {};
        legacy_be16(l, (uint16_t)n);
        if (legacy_has(l, LEGACY_BLOCKS))
                model_send(legacy_model(l), zeros, 2 * n);
        else
                for (unsigned i = 0; i < n; i++)
                        legacy_be16(l, 0);
}

static void send_hello_cid(Legacy *l)
{
        uint8_t cid[16];
        legacy_cid(l, cid);
        if (legacy_has(l, LEGACY_REVERSED))
                turn_words(cid);
        model_send_packets(legacy_model(l), cid, 16, legacy_has(l, LEGACY_BLOCKS) ? 16 : 4);
}

/* ---- second stage ---- */

/* The signature is not part of what its first stage knows. */
static bool known_stage2(const Legacy *l, const uint8_t *image, size_t size)
{
        return size >= 0x100 && agent_knows(l->stage1, l->n_stage1, image, size - 0x100);
}

static void stage2_go(Legacy *l, const uint8_t *data)
{
        if (*data != ACK) {
                model_breach(legacy_model(l), BREACH_ORDER, "%02x in place of the last 5a", *data);
                legacy_stuck(l, "second stage not confirmed");
                return;
        }
        model_event(legacy_model(l), "stage 2 started");
        model_step(legacy_model(l), "stage2");
        legacy_report(l);
        legacy_loop(l);
}

static void stage2_complete(Legacy *l)
{
        size_t size;
        const uint8_t *image = model_agent(legacy_model(l), &size);
        model_step(legacy_model(l), "stage2-received");
        if (l->ours && !l->stage.chip->form->unsigned_stage2 && !known_stage2(l, image, size)) {
                model_event(legacy_model(l), "stage 2 refused");
                legacy_refuse(l, 0xbc9);
                return;
        }
        model_event(legacy_model(l), "stage 2 accepted, %zu bytes", size);
        legacy_u8(l, ACK);
        legacy_want(l, 1, stage2_go);
}

static void stage2_packet(Legacy *l, const uint8_t *data)
{
        size_t size;
        uint8_t *image = (uint8_t *)(uintptr_t)model_agent(legacy_model(l), &size);
        size_t n = MIN(l->packet, l->size - l->done);
        memcpy(image + l->done, data, n);
        l->done += (uint32_t)n;
        model_step(legacy_model(l), "stage2-packet");
        legacy_u8(l, ACK);
        if (l->done == l->size)
                stage2_complete(l);
        else
                legacy_want(l, MIN(l->packet, l->size - l->done), stage2_packet);
}

static void stage2_head(Legacy *l, const uint8_t *data)
{
        l->size = get_be32(data + 4);
        l->packet = get_be32(data + 8);
        l->done = 0;
        model_step(legacy_model(l), "stage2-head");
        if (!l->size || l->size > STAGE2_MAX || !l->packet || l->packet > 0x10000) {
                model_breach(legacy_model(l), BREACH_RANGE, "stage 2 of %u bytes in packets of %u",
                        l->size, l->packet);
                legacy_stuck(l, "stage 2 head");
                return;
        }
        if (!model_agent_buffer(legacy_model(l), l->size))
                abort();
        legacy_u8(l, ACK);
        legacy_want(l, MIN(l->packet, l->size), stage2_packet);
}

static void dram_is_up(Legacy *l)
{
        uint8_t extras[32] = { 0, 0, 0, 4 };
        legacy_be32(l, 0);
        if (legacy_traits(l)->dram_extras)
                model_send_packets(legacy_model(l), extras, legacy_traits(l)->dram_extras, 4);
        legacy_want(l, 12, stage2_head);
}

/* ---- memory set-up ---- */

static void dram_verdict(Legacy *l, const uint8_t *data)
{
        uint64_t status = 0;
        if (get_be32(data) != 0x80000001)
                model_breach(
                        legacy_model(l), BREACH_ORDER, "%08x starts no memory", get_be32(data));
        model_fault(legacy_model(l), FAULT_STATUS, &status);
        legacy_be32(l, (uint32_t)status);
        if (status) {
                legacy_stuck(l, "memory not set up");
                return;
        }
        model_event(legacy_model(l), "memory set up");
        legacy_u8(l, 2);
        legacy_u8(l, 0);
        legacy_be64(l, phone_dram(l->stage.config, legacy_traits(l)->dram_size));
        legacy_want(l, 12, stage2_head);
}

static void dram_sum_read(Legacy *l, const uint8_t *data)
{
        legacy_want(l, 4, dram_verdict);
}

static void dram_block(Legacy *l, const uint8_t *data)
{
        uint8_t cid[16];
        uint16_t sum = 0;
        for (size_t i = 0; i < DRAM_ENTRY; i++)
                sum = (uint16_t)(sum + data[i]);
        legacy_cid(l, cid);
        if (!memmem(data, DRAM_ENTRY, cid, 9))
                model_breach(legacy_model(l), BREACH_FRAME, "settings of another memory");
        model_step(legacy_model(l), "dram-settings");
        legacy_be16(l, sum);
        legacy_want(l, 1, dram_sum_read);
}

static void dram_length(Legacy *l, const uint8_t *data)
{
        if (get_be32(data) != DRAM_ENTRY) {
                model_breach(legacy_model(l), BREACH_FRAME, "settings of %u bytes", get_be32(data));
                legacy_stuck(l, "length of the memory settings");
                return;
        }
        legacy_want(l, DRAM_ENTRY, dram_block);
}

static void dram_length_read(Legacy *l, const uint8_t *data)
{
        if (l->stage.chip->hw_code == 0x8127)
                legacy_want(l, DRAM_ENTRY, dram_block);
        else
                legacy_want(l, 4, dram_length);
}

static void dram_version(Legacy *l, const uint8_t *data)
{
        legacy_u8(l, ACK);
        legacy_be32(l, DRAM_ENTRY);
        legacy_want(l, 1, dram_length_read);
}

static void dram_enable(Legacy *l, const uint8_t *data)
{
        if (*data != 0xe8) {
                model_breach(legacy_model(l), BREACH_ORDER, "%02x in place of e8", *data);
                legacy_stuck(l, "memory settings were due");
                return;
        }
        legacy_want(l, 4, dram_version);
}

static void ask_for_dram(Legacy *l)
{
        model_step(legacy_model(l), "dram-missing");
        legacy_be32(l, legacy_has(l, LEGACY_WORD_DRAM) ? DRAM_NOT_SET_UP_2013 : DRAM_NOT_SET_UP);
        legacy_be32(l, 0);
        send_hello_cid(l);
        legacy_be32(l, NOT_FOUND);
        send_ids(l);
        legacy_want(l, 1, dram_enable);
}

/* ---- configuration ---- */

static bool from_rom(const Legacy *l)
{
        return l->stage.chip->boot == &boot_rom;
}

static void configured(Legacy *l)
{
        model_step(legacy_model(l), "configured");
        model_pause(legacy_model(l), 10 * MODEL_MS);
        if (from_rom(l))
                ask_for_dram(l);
        else
                dram_is_up(l);
}

static void config_word(Legacy *l, const uint8_t *data)
{
        l->word = get_be32(data);
        if (legacy_has(l, LEGACY_WORD_SPACE))
                l->linear |= l->word == 0;
        else if (l->word != 0) {
                ask_for_dram(l);
                return;
        } else if (from_rom(l)) {
                model_breach(legacy_model(l), BREACH_ORDER, "memory taken for set up");
                legacy_stuck(l, "memory not set up");
                return;
        }
        configured(l);
}

static void config(Legacy *l, const uint8_t *data)
{
        if (get_be16(data + 2) != 8 || get_be32(data + 5) != 0x7007ffff || data[16] != 2)
                model_breach(legacy_model(l), BREACH_FRAME, "configuration");
        if (legacy_has(l, LEGACY_WORD_SPACE | LEGACY_WORD_DRAM))
                legacy_want(l, 4, config_word);
        else
                configured(l);
}

static void hello_read(Legacy *l, const uint8_t *data)
{
        if (*data != ACK)
                model_breach(legacy_model(l), BREACH_ORDER, "%02x in answer to the hello", *data);
        model_step(legacy_model(l), "version");
        for (size_t i = 0; i < 3; i++)
                legacy_u8(l, legacy_traits(l)->version[i]);
        legacy_want(l, 18, config);
}

/* ---- one stage ---- */

static void nand_table_read(Legacy *l)
{
        model_step(legacy_model(l), "report");
        legacy_report_single(l);
        legacy_loop(l);
}

static void nand_entry(Legacy *l, const uint8_t *data)
{
        legacy_u8(l, CONT);
        if (++l->entry == l->entries)
                nand_table_read(l);
        else
                legacy_want(l, NAND_ENTRY, nand_entry);
}

static void nand_count(Legacy *l, const uint8_t *data)
{
        l->entries = get_be32(data);
        l->entry = 0;
        if (!l->entries || l->entries > 1000) {
                model_breach(legacy_model(l), BREACH_RANGE, "%u NAND entries", l->entries);
                legacy_stuck(l, "NAND table");
                return;
        }
        legacy_u8(l, ACK);
        legacy_want(l, NAND_ENTRY, nand_entry);
}

static void config_single(Legacy *l, const uint8_t *data)
{
        if (get_be16(data + 2) != 8 || get_be32(data + 5) != 0x7007ffff || data[9] != 2)
                model_breach(legacy_model(l), BREACH_FRAME, "configuration");
        model_step(legacy_model(l), "configured");
        legacy_u8(l, ACK);
        legacy_be32(l, NAND_ENTRY);
        legacy_want(l, 4, nand_count);
}

/* ---- the stages ---- */

static void legacy_enter(Stage *s)
{
        Legacy *l = (Legacy *)s;
        const uint8_t *agent = model_agent(s->model, &l->n_stage1);
        l->stage1 = malloc(MAX(l->n_stage1, (size_t)1));
        if (!l->stage1)
                abort();
        memcpy(l->stage1, agent, l->n_stage1);
        if (!agent_fits(l->stage1, l->n_stage1, s->chip, &l->ours)) {
                legacy_stuck(l, "agent of another chip");
                return;
        }
        if (!s->config->storage) {
                legacy_stuck(l, "no storage");
                return;
        }
        l->linear = legacy_has(l, LEGACY_LINEAR);
        model_event(s->model, "stage 1 started");
        model_step(s->model, "stage1");
        legacy_u8(l, 0xc0);
        if (legacy_has(l, LEGACY_SINGLE)) {
                for (size_t i = 0; i < 3; i++)
                        legacy_u8(l, legacy_traits(l)->version[i]);
                legacy_want(l, 10, config_single);
                return;
        }
        legacy_be32(l, legacy_has(l, LEGACY_NAND) ? 0 : 0xbc0);
        send_ids(l);
        legacy_be32(l, legacy_has(l, LEGACY_NAND | LEGACY_NOR) ? 0xc4d : 0);
        send_hello_cid(l);
        legacy_want(l, 1, hello_read);
}

static void legacy_leave(Stage *s)
{
        free(((Legacy *)s)->stage1);
        free(((Legacy *)s)->large);
}

const StageOps legacy_agent = {
        .name = "legacy agent",
        .size = sizeof(Legacy),
        .enter = legacy_enter,
        .packet = legacy_packet,
        .leave = legacy_leave,
};
