/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a boot program does when it is told to: every command byte is echoed, also an unknown one, and
 * every field of an answer is a packet. */

#include <string.h>

#include "boot-private.h"

void boot_want(Boot *b, size_t size, BootWant next)
{
        b->want = next;
        b->want_size = size;
        b->got = 0;
}

void boot_be16(Boot *b, uint32_t v)
{
        uint8_t d[2];
        put_be16(d, (uint16_t)v);
        model_send(boot_model(b), d, 2);
}

void boot_be32(Boot *b, uint32_t v)
{
        uint8_t d[4];
        put_be32(d, v);
        model_send(boot_model(b), d, 4);
}

void boot_status(Boot *b, uint32_t status)
{
        uint64_t v = status;
        model_fault(boot_model(b), FAULT_STATUS, &v);
        boot_be16(b, (uint32_t)v);
}

static void cmd_hw_code(Boot *b)
{
        boot_be16(b, b->stage.chip->hw_code);
        boot_status(b, 0);
        boot_loop(b);
}

static void cmd_versions(Boot *b)
{
        boot_be16(b, b->stage.chip->hw_sub);
        boot_be16(b, b->stage.chip->hw_ver);
        boot_be16(b, b->stage.chip->sw_ver);
        boot_status(b, 0);
        boot_loop(b);
}

static void cmd_bl_version(Boot *b)
{
        uint8_t answer = boot_traits(b)->rom ? 0xfe : boot_traits(b)->version;
        model_send(boot_model(b), &answer, 1);
        boot_loop(b);
}

static void cmd_rom_version(Boot *b)
{
        model_send(boot_model(b), &boot_traits(b)->rom_version, 1);
        boot_loop(b);
}

static void cmd_target_config(Boot *b)
{
        boot_be32(b, (uint32_t)b->stage.config->target_config);
        boot_status(b, 0);
        boot_loop(b);
}

static void cmd_id(Boot *b, uint32_t size, const char *what)
{
        uint8_t id[64] = {};
        uint64_t claimed = size;
        phone_id(b->stage.config, what, id, size);
        model_fault(boot_model(b), FAULT_LENGTH, &claimed);
        boot_be32(b, (uint32_t)claimed);
        model_send(boot_model(b), id, size);
        boot_status(b, 0);
        boot_loop(b);
}

static void cmd_me_id(Boot *b)
{
        cmd_id(b, 16, "me_id");
}

static void cmd_soc_id(Boot *b)
{
        cmd_id(b, 32, "soc_id");
}

static void cmd_capabilities(Boot *b)
{
        boot_be32(b, 7);
        boot_be32(b, 0); /* a dword where a status would be a word */
        boot_loop(b);
}

static void cmd_accepted(Boot *b)
{
        boot_status(b, 0);
        boot_loop(b);
}

static void two_words_done(Boot *b, const uint8_t *data)
{
        boot_be32(b, get_be32(data));
        boot_status(b, 0);
        boot_loop(b);
}

static void two_words_next(Boot *b, const uint8_t *data)
{
        boot_be32(b, get_be32(data));
        boot_want(b, 4, two_words_done);
}

static void cmd_power_init(Boot *b)
{
        boot_want(b, 4, two_words_next);
}

static void power_read(Boot *b, const uint8_t *data)
{
        boot_be16(b, get_be16(data));
        boot_status(b, 0);
        boot_status(b, 0);
        boot_be16(b, 0);
        boot_loop(b);
}

static void cmd_power_read(Boot *b)
{
        boot_want(b, 2, power_read);
}

static void power_write_value(Boot *b, const uint8_t *data)
{
        boot_be16(b, get_be16(data));
        boot_status(b, 0);
        boot_status(b, 0);
        boot_loop(b);
}

static void power_write(Boot *b, const uint8_t *data)
{
        boot_be16(b, get_be16(data));
        boot_want(b, 2, power_write_value);
}

static void cmd_power_write(Boot *b)
{
        boot_want(b, 2, power_write);
}

static void cmd_stay(Boot *b)
{
        boot_status(b, 0);
        b->state = BOOT_STILL;
        model_event(boot_model(b), "stays still");
}

static void cmd_keys(Boot *b)
{
        model_breach(boot_model(b), BREACH_WRITE, "command F0 destroys keys");
        boot_be16(b, 0xffff);
        boot_loop(b);
}

/* ---- dispatch ---- */

typedef struct BootCommand {
        uint8_t op;
        bool everywhere; /* known to the short list, too */
        bool optional;   /* the variation "optional" */
        void (*run)(Boot *b);
} BootCommand;

static const BootCommand commands[] = {
        { 0x80, false, false, cmd_stay },
        { 0xa1, true, false, boot_access },
        { 0xa2, true, false, boot_access },
        { 0xc4, true, false, cmd_power_init },
        { 0xc5, true, false, cmd_accepted },
        { 0xc6, false, false, cmd_power_read },
        { 0xc7, true, false, cmd_power_write },
        { 0xd0, true, false, boot_access },
        { 0xd1, true, false, boot_access },
        { 0xd2, true, false, boot_access },
        { 0xd3, false, false, boot_access },
        { 0xd4, true, false, boot_access },
        { 0xd5, true, false, boot_jump },
        { 0xd7, true, false, boot_send_agent },
        { 0xd8, true, false, cmd_target_config },
        { 0xdb, true, false, cmd_accepted },
        { 0xde, true, false, boot_jump64 },
        { 0xe1, false, true, cmd_me_id },
        { 0xe7, false, true, cmd_soc_id },
        { 0xf0, false, false, cmd_keys },
        { 0xfb, false, true, cmd_capabilities },
        { 0xfc, true, false, cmd_versions },
        { 0xfd, true, false, cmd_hw_code },
        { 0xfe, true, false, cmd_bl_version },
};

static const BootCommand *find_command(const Boot *b, uint8_t op)
{
        for (size_t i = 0; i < ELEMENTS(commands); i++)
                if (commands[i].op == op &&
                        (commands[i].everywhere ||
                                boot_traits(b)->commands == BOOT_COMMANDS_FULL) &&
                        (!commands[i].optional || b->stage.config->optional))
                        return &commands[i];
        return NULL;
}

static void command(Boot *b, const uint8_t *data)
{
        const BootCommand *c = find_command(b, *data);
        b->op = *data;
        model_step(boot_model(b), "boot:%02x", b->op);
        if (b->op == 0xff && boot_traits(b)->rom) {
                cmd_rom_version(b);
                return;
        }
        if (b->op != 0xfe)
                model_send(boot_model(b), data, 1);
        if (c)
                c->run(b);
        else
                boot_loop(b);
}

void boot_loop(Boot *b)
{
        boot_want(b, 1, command);
}

void boot_feed(Boot *b, const uint8_t *data, size_t size)
{
        while (size && b->state == BOOT_LOOP) {
                size_t n;
                if (!b->want) {
                        n = boot_agent_data(b, data, size);
                } else {
                        n = MIN(size, b->want_size - b->got);
                        memcpy(b->arg + b->got, data, n);
                        b->got += n;
                        if (b->got == b->want_size)
                                b->want(b, b->arg);
                }
                data += n;
                size -= n;
        }
}
