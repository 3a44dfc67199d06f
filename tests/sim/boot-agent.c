/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An agent arrives, is checked and started. */

#include <string.h>

#include "boot-private.h"
#include "gen-agent.h"

enum { AGENT_MAX = 16 * 1024 * 1024 };

static void refuse_and_reset(Boot *b, uint32_t status)
{
        boot_be16(b, status);
        model_event(boot_model(b), "agent refused %04x", status);
        b->accepted = false;
        b->state = BOOT_STILL;
        model_leave(boot_model(b), 500 * MODEL_MS, AFTER_RESET);
}

static void agent_received(Boot *b)
{
        uint32_t sum = 0;
        uint64_t wrong;
        bool checked = b->stage.config->target_config & 5;
        for (size_t i = 0; i < b->agent_size; i++)
                sum ^= (uint32_t)b->agent[i] << (i & 1 ? 8 : 0);
        if (model_fault(boot_model(b), FAULT_CHECKSUM, &wrong))
                sum ^= 0x0101;
        model_step(boot_model(b), "agent-received");
        model_pause(boot_model(b), 6 * MODEL_MS);
        boot_be16(b, sum);
        if (checked && b->agent_size > boot_traits(b)->agent_limit) {
                refuse_and_reset(b, 0x1d10);
                return;
        }
        if (checked && (b->stage.config->refuse_agent || !b->signature)) {
                refuse_and_reset(b, 0x7024);
                return;
        }
        model_step(boot_model(b), "agent-status");
        boot_status(b, 0);
        b->accepted = true;
        model_event(boot_model(b), "agent accepted, %zu bytes", b->agent_size);
        boot_loop(b);
}

size_t boot_agent_data(Boot *b, const uint8_t *data, size_t size)
{
        size_t n = MIN(size, b->agent_size - b->agent_got);
        memcpy(b->agent + b->agent_got, data, n);
        if (!b->agent_got)
                model_step(boot_model(b), "agent-data");
        b->agent_got += n;
        if (b->agent_got == b->agent_size)
                agent_received(b);
        return n;
}

static void agent_signature(Boot *b, const uint8_t *data)
{
        b->signature = get_be32(data);
        boot_be32(b, b->signature);
        b->accepted = false;
        if (!b->agent_size || b->agent_size > AGENT_MAX || b->signature > b->agent_size) {
                model_breach(boot_model(b), BREACH_RANGE, "agent of %zu bytes, signature %u",
                        b->agent_size, b->signature);
                b->agent_size = 0;
                boot_status(b, 0x1d10);
                boot_loop(b);
                return;
        }
        if (boot_traits(b)->rom && b->stage.config->target_config & 2) {
                model_event(boot_model(b), "authorisation wanted");
                boot_status(b, 0x1d0d);
                boot_loop(b);
                return;
        }
        if (boot_traits(b)->rom && b->stage.config->target_config & 4 && !b->signature) {
                boot_status(b, 0x1d15);
                boot_loop(b);
                return;
        }
        b->agent = model_agent_buffer(boot_model(b), b->agent_size);
        b->agent_got = 0;
        boot_status(b, 0);
        b->want = NULL;
}

static void agent_length(Boot *b, const uint8_t *data)
{
        b->agent_size = get_be32(data);
        boot_be32(b, get_be32(data));
        boot_want(b, 4, agent_signature);
}

static void agent_address(Boot *b, const uint8_t *data)
{
        b->sent_to = get_be32(data); /* a preloader ignores it */
        boot_be32(b, b->sent_to);
        boot_want(b, 4, agent_length);
}

void boot_send_agent(Boot *b)
{
        boot_want(b, 4, agent_address);
}

/* Where the boot ROM puts it is where it has to be made for. */
static bool at_its_place(const Boot *b)
{
        size_t size;
        const uint8_t *agent = model_agent(b->stage.model, &size);
        const AgentForm *form = b->stage.chip->form;
        uint32_t place = form ? form->address1 : 0x200000;
        if (!boot_traits(b)->rom || !memmem(agent, size, AGENT_MARK, strlen(AGENT_MARK)))
                return true;
        return b->address == b->sent_to && b->sent_to == place;
}

static void start_agent(Boot *b)
{
        if (!b->accepted) {
                model_breach(boot_model(b), BREACH_ORDER, "jump without an agent");
                refuse_and_reset(b, 0x7024);
                return;
        }
        boot_status(b, 0);
        b->state = BOOT_STILL;
        if (!at_its_place(b)) {
                model_breach(boot_model(b), BREACH_RANGE, "sent to %08x, started at %08x",
                        b->sent_to, b->address);
                model_halt(boot_model(b), "agent at the wrong place");
                return;
        }
        model_pause(boot_model(b), 8 * MODEL_MS);
        model_next(boot_model(b), b->stage.chip->agent);
}

static void jump_address(Boot *b, const uint8_t *data)
{
        b->address = get_be32(data);
        boot_be32(b, b->address);
        start_agent(b);
}

void boot_jump(Boot *b)
{
        if (boot_traits(b)->jump64) {
                model_breach(boot_model(b), BREACH_ORDER, "JUMP_DA on a 64-bit chip");
                boot_loop(b);
                return;
        }
        boot_want(b, 4, jump_address);
}

static void jump64_kind(Boot *b, const uint8_t *data)
{
        model_send(boot_model(b), data, 1);
        if (*data != 1)
                model_breach(boot_model(b), BREACH_FRAME, "kind %u of a 64-bit jump", *data);
        start_agent(b);
}

static void jump64_address(Boot *b, const uint8_t *data)
{
        b->address = get_be32(data);
        boot_be32(b, b->address);
        boot_want(b, 1, jump64_kind);
}

void boot_jump64(Boot *b)
{
        if (boot_traits(b)->jump64)
                boot_want(b, 4, jump64_address);
        else
                boot_loop(b);
}
