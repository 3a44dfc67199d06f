/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The preloader.
 *
 * Listening goes in rounds of 20 ms: send READY (once a line coding was set), see whether the
 * window is over, take what the OUT FIFO holds. Only then does the phone look at the bus at all, so
 * control requests and bytes wait for the round. Of what it takes, it looks at the first byte: A0
 * means a tool, the whole chunk is thrown away and the four tokens must follow within 300 ms.
 * Anything else is collected to words of eight letters. After the tokens there is no time limit.
 *
 * Every command byte is echoed, also an unknown one, and every field of an answer is a packet. */

#include "boot-model.h"

#include <errno.h>
#include <string.h>

#include "chips.h"
#include "gen-agent.h"

enum {
        POLL_US = 20000,
        READY_US = 300000, /* an uncollected READY is given up then */
        TOKENS_US = 300000,
        AGENT_MAX = 16 * 1024 * 1024,
        CLOSE_US = 1000,
};

typedef enum BootState { BOOT_WAITS, BOOT_LISTENS, BOOT_TOKENS, BOOT_LOOP, BOOT_STILL } BootState;

typedef struct Boot Boot;
typedef void (*BootWant)(Boot *b, const uint8_t *data);

struct Boot {
        Stage stage;
        BootState state;
        bool coding;
        uint64_t window_end, tokens_end, ready_since;
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

static const BootTraits *traits(const Boot *b)
{
        return b->stage.chip->boot_traits;
}

static Model *model(Boot *b)
{
        return b->stage.model;
}

/* ---- listening ---- */

static void boot_android(Boot *b)
{
        b->state = BOOT_STILL;
        model_leave(model(b), 0, AFTER_ANDROID);
}

static void boot_enter(Stage *s)
{
        Boot *b = (Boot *)s;
        model_set_usb(s->model,
                s->config->layout == DESC_CAPTURED ? USB_PRELOADER_CAPTURED : USB_PRELOADER);
        if (s->config->usb_id)
                model_set_ids(
                        s->model, (uint16_t)(s->config->usb_id >> 16), (uint16_t)s->config->usb_id);
        b->wdt_mode = traits(b)->wdt_mode;
        b->state = BOOT_WAITS;
        s->timer = model_now(s->model) + s->config->enum_ms * MODEL_MS;
}

/* The boot ROM has nothing to boot: it waits for a tool until the watchdog resets it. */
static void rom_enter(Stage *s)
{
        Boot *b = (Boot *)s;
        model_set_usb(s->model, USB_BROM);
        b->wdt_mode = traits(b)->wdt_mode;
        b->state = BOOT_TOKENS;
        s->timer = model_now(s->model) + s->config->bite_ms * MODEL_MS;
        model_event(s->model, "boot rom");
}

static void rom_timer(Stage *s)
{
        Boot *b = (Boot *)s;
        if (!(b->wdt_mode & 1))
                return;
        model_event(s->model, "watchdog bites");
        b->state = BOOT_STILL;
        model_leave(s->model, 0, AFTER_RESET);
}

static void boot_configured(Stage *s)
{
        Boot *b = (Boot *)s;
        if (b->state != BOOT_WAITS)
                return;
        b->state = BOOT_LISTENS;
        b->window_end = model_now(s->model) + s->config->window_ms * MODEL_MS;
        s->timer = model_now(s->model) + MODEL_MS;
        model_event(s->model, "listening");
        model_step(s->model, "listen");
}

static void boot_line_coding(Stage *s)
{
        ((Boot *)s)->coding = true;
}

static uint64_t boot_control_due(Stage *s)
{
        const Boot *b = (const Boot *)s;
        return b->state == BOOT_LISTENS && s->timer != MODEL_NEVER ? s->timer : model_now(s->model);
}

static void expect_command(Boot *b);

typedef struct BootWord {
        const char *word, *answer;
        const char *mode; /* what is started instead; NULL: it listens on */
} BootWord;

static const BootWord words[] = {
        { "METAMETA", "ATEMATEM", "meta" },
        { "FACTFACT", "TCAFTCAF", "factory" },
        { "FACTORYM", "MYROTCAF", "factory menu" },
        { "ADVEMETA", "ATEMEVDX", "advanced meta" },
        { "FASTBOOT", "TOOBTSAF", "fastboot" },
        { "SWITCHMD", "DMHCTIWS", "modem download" },
        { "AT+NBOOT", "AT+OK", "normal" },
};

static void eight_letters(Boot *b)
{
        b->n_word = 0;
        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (!memcmp(words[i].word, b->word, 8)) {
                        model_send(model(b), words[i].answer, strlen(words[i].answer));
                        model_event(model(b), "mode %s", words[i].mode);
                        b->state = BOOT_STILL;
                        model_leave(model(b), POLL_US, AFTER_ANDROID);
                        return;
                }
        if (!memcmp(b->word, "AT+", 3)) {
                model_send(model(b), "AT+UNKONWN", 10);
                return;
        }
        model_event(model(b), "unknown word, boots on");
        boot_android(b);
}

static void take_tokens(Boot *b)
{
        static const uint8_t tokens[4] = { 0xa0, 0x0a, 0x50, 0x05 };
        size_t i = 0;
        while (i < b->n_fifo && b->state == BOOT_TOKENS) {
                uint8_t c = b->fifo[i++], answer;
                if (c == 0xa0 && b->token == 1) {
                        uint8_t again = 0x5f;
                        if (traits(b)->rom) /* it never gets tired of answering */
                                model_send(model(b), &again, 1);
                        continue;
                }
                if (c != tokens[b->token]) {
                        answer = (uint8_t)(c + 1);
                        model_breach(model(b), BREACH_TOKEN, "%02x in place of %02x", c,
                                tokens[b->token]);
                        b->token = 0;
                } else {
                        answer = (uint8_t)~c;
                        b->token++;
                }
                model_send(model(b), &answer, 1);
                if (b->token == 4) {
                        b->state = BOOT_LOOP;
                        if (!traits(b)->rom)
                                b->stage.timer = MODEL_NEVER;
                        model_event(model(b), "handshake");
                        model_step(model(b), "handshake");
                        expect_command(b);
                }
        }
        /* what follows the last token in the same packet belongs to the command loop */
        memmove(b->fifo, b->fifo + i, b->n_fifo - i);
        b->n_fifo -= i;
}

static void boot_feed(Boot *b, const uint8_t *data, size_t size);

static void drain_fifo(Boot *b)
{
        uint8_t rest[sizeof(b->fifo)];
        size_t n = b->n_fifo;
        if (b->state != BOOT_LOOP || !n)
                return;
        memcpy(rest, b->fifo, n);
        b->n_fifo = 0;
        boot_feed(b, rest, n);
}

/* One chunk of at most what is missing to eight letters. */
static void take_chunk(Boot *b)
{
        size_t n = MIN(b->n_fifo, 8 - b->n_word);
        if (!n)
                return;
        if (!b->n_word && b->fifo[0] == 0xa0) {
                memmove(b->fifo, b->fifo + n, b->n_fifo - n);
                b->n_fifo -= n;
                b->state = BOOT_TOKENS;
                b->token = 0;
                b->tokens_end = model_now(model(b)) + TOKENS_US;
                b->stage.timer = b->tokens_end;
                model_event(model(b), "first A0");
                model_step(model(b), "tokens");
                take_tokens(b);
                drain_fifo(b);
                return;
        }
        memcpy(b->word + b->n_word, b->fifo, n);
        b->n_word += n;
        memmove(b->fifo, b->fifo + n, b->n_fifo - n);
        b->n_fifo -= n;
        if (b->n_word == 8)
                eight_letters(b);
}

static void listen_round(Boot *b)
{
        uint64_t now = model_now(model(b));
        if (b->ready_since && !model_sent(model(b)) && now < b->ready_since + READY_US) {
                b->stage.timer = MIN(now + POLL_US, b->ready_since + READY_US);
                return; /* it stands in the send call */
        }
        b->ready_since = 0;
        model_drop(model(b));
        if (now >= b->window_end) {
                model_event(model(b), "window over");
                boot_android(b);
                return;
        }
        take_chunk(b);
        if (b->state != BOOT_LISTENS)
                return;
        if (b->coding) {
                b->ready_since = now;
                model_send(model(b), "READY", 5);
        }
        b->stage.timer = now + POLL_US;
}

static void boot_timer(Stage *s)
{
        Boot *b = (Boot *)s;
        switch (b->state) {
        case BOOT_WAITS:
                model_event(s->model, "no host");
                boot_android(b);
                break;
        case BOOT_LISTENS: listen_round(b); break;
        case BOOT_TOKENS:
                model_event(s->model, "tokens too late");
                b->state = BOOT_LISTENS;
                b->n_word = 0;
                listen_round(b);
                break;
        default: break;
        }
}

/* Before the handshake is done a phone without a cable goes off, or on to Android. */
static bool boot_outlives(Stage *s)
{
        return ((const Boot *)s)->state == BOOT_LOOP;
}

static bool boot_accepts(Stage *s)
{
        const Boot *b = (const Boot *)s;
        /* one packet lies in the FIFO until the next round */
        return b->state != BOOT_WAITS && b->state != BOOT_STILL &&
                !(b->state == BOOT_LISTENS && b->n_fifo);
}

/* ---- commands ---- */

static void want(Boot *b, size_t size, BootWant next)
{
        b->want = next;
        b->want_size = size;
        b->got = 0;
}

static void send_be16(Boot *b, uint32_t v)
{
        uint8_t d[2];
        put_be16(d, (uint16_t)v);
        model_send(model(b), d, 2);
}

static void send_be32(Boot *b, uint32_t v)
{
        uint8_t d[4];
        put_be32(d, v);
        model_send(model(b), d, 4);
}

static void send_status(Boot *b, uint32_t status)
{
        uint64_t v = status;
        model_fault(model(b), FAULT_STATUS, &v);
        send_be16(b, (uint32_t)v);
}

static void cmd_hw_code(Boot *b)
{
        send_be16(b, b->stage.chip->hw_code);
        send_status(b, 0);
        expect_command(b);
}

static void cmd_versions(Boot *b)
{
        send_be16(b, b->stage.chip->hw_sub);
        send_be16(b, b->stage.chip->hw_ver);
        send_be16(b, b->stage.chip->sw_ver);
        send_status(b, 0);
        expect_command(b);
}

static void cmd_bl_version(Boot *b)
{
        uint8_t answer = traits(b)->rom ? 0xfe : traits(b)->version;
        model_send(model(b), &answer, 1);
        expect_command(b);
}

static void cmd_rom_version(Boot *b)
{
        model_send(model(b), &traits(b)->rom_version, 1);
        expect_command(b);
}

static void cmd_target_config(Boot *b)
{
        send_be32(b, (uint32_t)b->stage.config->target_config);
        send_status(b, 0);
        expect_command(b);
}

static void cmd_id(Boot *b, uint32_t size, const char *what)
{
        uint8_t id[64] = {};
        uint64_t claimed = size;
        phone_id(b->stage.config, what, id, size);
        model_fault(model(b), FAULT_LENGTH, &claimed);
        send_be32(b, (uint32_t)claimed);
        model_send(model(b), id, size);
        send_status(b, 0);
        expect_command(b);
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
        send_be32(b, 7);
        send_be32(b, 0); /* a dword where a status would be a word */
        expect_command(b);
}

static void cmd_accepted(Boot *b)
{
        send_status(b, 0);
        expect_command(b);
}

static void two_words_done(Boot *b, const uint8_t *data)
{
        send_be32(b, get_be32(data));
        send_status(b, 0);
        expect_command(b);
}

static void two_words_next(Boot *b, const uint8_t *data)
{
        send_be32(b, get_be32(data));
        want(b, 4, two_words_done);
}

static void cmd_power_init(Boot *b)
{
        want(b, 4, two_words_next);
}

static void power_read(Boot *b, const uint8_t *data)
{
        send_be16(b, get_be16(data));
        send_status(b, 0);
        send_status(b, 0);
        send_be16(b, 0);
        expect_command(b);
}

static void cmd_power_read(Boot *b)
{
        want(b, 2, power_read);
}

static void power_write_value(Boot *b, const uint8_t *data)
{
        send_be16(b, get_be16(data));
        send_status(b, 0);
        send_status(b, 0);
        expect_command(b);
}

static void power_write(Boot *b, const uint8_t *data)
{
        send_be16(b, get_be16(data));
        want(b, 2, power_write_value);
}

static void cmd_power_write(Boot *b)
{
        want(b, 2, power_write);
}

static void cmd_stay(Boot *b)
{
        send_status(b, 0);
        b->state = BOOT_STILL;
        model_event(model(b), "stays still");
}

static void cmd_keys(Boot *b)
{
        model_breach(model(b), BREACH_WRITE, "command F0 destroys keys");
        send_be16(b, 0xffff);
        expect_command(b);
}

/* ---- registers ---- */

static unsigned access_width(const Boot *b)
{
        return b->op == 0xd1 || b->op == 0xd4 ? 4 : 2;
}

static bool is_write(const Boot *b)
{
        return b->op == 0xd2 || b->op == 0xd3 || b->op == 0xd4 || b->op == 0xa1;
}

static uint32_t register_refusal(const Boot *b)
{
        uint32_t width = access_width(b), page = b->address & ~UINT32_C(0xfff);
        uint32_t base = traits(b)->wdt_base;
        if (b->address % width)
                return 0xffff;
        if (!b->count)
                return 0xfffe;
        if ((uint64_t)b->address + (uint64_t)b->count * width > UINT64_C(0x100000000))
                return 0xfffd;
        if (traits(b)->rom) {
                bool blocked = b->stage.config->target_config & (is_write(b) ? 0x40 : 0x20);
                bool watchdog = page == (base & ~UINT32_C(0xfff));
                return blocked && !watchdog ? 0x1d02 : 0;
        }
        bool inside = (b->address + (b->count - 1) * width) >> 12 == b->address >> 12;
        if (inside && page == (base & ~UINT32_C(0xfff)))
                return 0;
        if (inside && b->address >= traits(b)->usbdl_flag &&
                b->address + b->count * width <= traits(b)->usbdl_flag + 4)
                return 0;
        if (!is_write(b) && inside && page == traits(b)->efuse)
                return 0;
        return is_write(b) ? 0x1001 : 0x1000;
}

static uint32_t register_read(const Boot *b, uint32_t address)
{
        if (address == traits(b)->wdt_base)
                return b->wdt_mode;
        if (address == traits(b)->wdt_base + 2)
                return b->wdt_mode >> 16;
        return 0;
}

static void register_write(Boot *b, uint32_t address, uint32_t value)
{
        uint32_t base = traits(b)->wdt_base;
        if (address == base && value >> 24 == 0x22)
                b->wdt_mode = (value & 0xffffff) | 0x23000000;
        else if (address == base && access_width(b) == 2 && value >> 8 == 0x22)
                b->wdt_mode = (value & 0xff) | 0x2300; /* the old one has 16 bits */
        else if (address == base + 0x14 && value == 0x1209 && b->wdt_mode & 4) {
                model_event(model(b), "watchdog reset");
                b->state = BOOT_STILL;
                model_leave(model(b), CLOSE_US, AFTER_RESET);
        }
}

static void write_value(Boot *b, const uint8_t *data)
{
        uint32_t width = access_width(b);
        uint32_t v = width == 4 ? get_be32(data) : get_be16(data);
        if (b->op != 0xd3)
                model_send(model(b), data, width);
        register_write(b, b->address, v);
        if (b->state != BOOT_LOOP)
                return; /* the reset comes before the status */
        b->address += width;
        if (--b->count)
                want(b, width, write_value);
        else {
                send_status(b, traits(b)->rom ? 1 : 0); /* newer boot ROMs say 1 and mean well */
                expect_command(b);
        }
}

static void access_count(Boot *b, const uint8_t *data)
{
        uint32_t width = access_width(b), refusal;
        bool plain = b->op == 0xa2;
        b->count = get_be32(data);
        send_be32(b, b->count);
        refusal = register_refusal(b);
        if (refusal) {
                if (refusal >= 0x1000 && refusal < 0x2000)
                        model_event(model(b), "register %08x refused", b->address);
                if (!plain)
                        send_status(b, refusal);
                expect_command(b);
                return;
        }
        if (!plain)
                send_status(b, 0);
        if (is_write(b)) {
                want(b, width, write_value);
                return;
        }
        for (uint32_t i = 0; i < b->count; i++) {
                uint32_t v = register_read(b, b->address + i * width);
                if (width == 4)
                        send_be32(b, v);
                else
                        send_be16(b, v);
        }
        if (!plain)
                send_status(b, 0);
        expect_command(b);
}

static void access_address(Boot *b, const uint8_t *data)
{
        b->address = get_be32(data);
        send_be32(b, b->address);
        want(b, 4, access_count);
}

static void cmd_access(Boot *b)
{
        want(b, 4, access_address);
}

/* ---- the agent ---- */

static void refuse_and_reset(Boot *b, uint32_t status)
{
        send_be16(b, status);
        model_event(model(b), "agent refused %04x", status);
        b->accepted = false;
        b->state = BOOT_STILL;
        model_leave(model(b), 500 * MODEL_MS, AFTER_RESET);
}

static void agent_received(Boot *b)
{
        uint32_t sum = 0;
        uint64_t wrong;
        bool checked = b->stage.config->target_config & 5;
        for (size_t i = 0; i < b->agent_size; i++)
                sum ^= (uint32_t)b->agent[i] << (i & 1 ? 8 : 0);
        if (model_fault(model(b), FAULT_CHECKSUM, &wrong))
                sum ^= 0x0101;
        model_step(model(b), "agent-received");
        model_pause(model(b), 6 * MODEL_MS);
        send_be16(b, sum);
        if (checked && b->agent_size > traits(b)->agent_limit) {
                refuse_and_reset(b, 0x1d10);
                return;
        }
        if (checked && (b->stage.config->refuse_agent || !b->signature)) {
                refuse_and_reset(b, 0x7024);
                return;
        }
        model_step(model(b), "agent-status");
        send_status(b, 0);
        b->accepted = true;
        model_event(model(b), "agent accepted, %zu bytes", b->agent_size);
        expect_command(b);
}

static void agent_signature(Boot *b, const uint8_t *data)
{
        b->signature = get_be32(data);
        send_be32(b, b->signature);
        b->accepted = false;
        if (!b->agent_size || b->agent_size > AGENT_MAX || b->signature > b->agent_size) {
                model_breach(model(b), BREACH_RANGE, "agent of %zu bytes, signature %u",
                        b->agent_size, b->signature);
                b->agent_size = 0;
                send_status(b, 0x1d10);
                expect_command(b);
                return;
        }
        if (traits(b)->rom && b->stage.config->target_config & 2) {
                model_event(model(b), "authorisation wanted");
                send_status(b, 0x1d0d);
                expect_command(b);
                return;
        }
        if (traits(b)->rom && b->stage.config->target_config & 4 && !b->signature) {
                send_status(b, 0x1d15);
                expect_command(b);
                return;
        }
        b->agent = model_agent_buffer(model(b), b->agent_size);
        b->agent_got = 0;
        send_status(b, 0);
        b->want = NULL;
}

static void agent_length(Boot *b, const uint8_t *data)
{
        b->agent_size = get_be32(data);
        send_be32(b, get_be32(data));
        want(b, 4, agent_signature);
}

static void agent_address(Boot *b, const uint8_t *data)
{
        b->sent_to = get_be32(data); /* a preloader ignores it */
        send_be32(b, b->sent_to);
        want(b, 4, agent_length);
}

static void cmd_send_agent(Boot *b)
{
        want(b, 4, agent_address);
}

/* Where the boot ROM puts it is where it has to be made for. */
static bool at_its_place(const Boot *b)
{
        size_t size;
        const uint8_t *agent = model_agent(b->stage.model, &size);
        const AgentForm *form = b->stage.chip->form;
        uint32_t place = form ? form->address1 : 0x200000;
        if (!traits(b)->rom || !memmem(agent, size, AGENT_MARK, strlen(AGENT_MARK)))
                return true;
        return b->address == b->sent_to && b->sent_to == place;
}

static void start_agent(Boot *b)
{
        if (!b->accepted) {
                model_breach(model(b), BREACH_ORDER, "jump without an agent");
                refuse_and_reset(b, 0x7024);
                return;
        }
        send_status(b, 0);
        b->state = BOOT_STILL;
        if (!at_its_place(b)) {
                model_breach(model(b), BREACH_RANGE, "sent to %08x, started at %08x", b->sent_to,
                        b->address);
                model_halt(model(b), "agent at the wrong place");
                return;
        }
        model_pause(model(b), 8 * MODEL_MS);
        model_next(model(b), b->stage.chip->agent);
}

static void jump_address(Boot *b, const uint8_t *data)
{
        b->address = get_be32(data);
        send_be32(b, b->address);
        start_agent(b);
}

static void cmd_jump(Boot *b)
{
        if (traits(b)->jump64) {
                model_breach(model(b), BREACH_ORDER, "JUMP_DA on a 64-bit chip");
                expect_command(b);
                return;
        }
        want(b, 4, jump_address);
}

static void jump64_kind(Boot *b, const uint8_t *data)
{
        model_send(model(b), data, 1);
        if (*data != 1)
                model_breach(model(b), BREACH_FRAME, "kind %u of a 64-bit jump", *data);
        start_agent(b);
}

static void jump64_address(Boot *b, const uint8_t *data)
{
        b->address = get_be32(data);
        send_be32(b, b->address);
        want(b, 1, jump64_kind);
}

static void cmd_jump64(Boot *b)
{
        if (traits(b)->jump64)
                want(b, 4, jump64_address);
        else
                expect_command(b);
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
        { 0xa1, true, false, cmd_access },
        { 0xa2, true, false, cmd_access },
        { 0xc4, true, false, cmd_power_init },
        { 0xc5, true, false, cmd_accepted },
        { 0xc6, false, false, cmd_power_read },
        { 0xc7, true, false, cmd_power_write },
        { 0xd0, true, false, cmd_access },
        { 0xd1, true, false, cmd_access },
        { 0xd2, true, false, cmd_access },
        { 0xd3, false, false, cmd_access },
        { 0xd4, true, false, cmd_access },
        { 0xd5, true, false, cmd_jump },
        { 0xd7, true, false, cmd_send_agent },
        { 0xd8, true, false, cmd_target_config },
        { 0xdb, true, false, cmd_accepted },
        { 0xde, true, false, cmd_jump64 },
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
                        (commands[i].everywhere || traits(b)->commands == BOOT_COMMANDS_FULL) &&
                        (!commands[i].optional || b->stage.config->optional))
                        return &commands[i];
        return NULL;
}

static void command(Boot *b, const uint8_t *data)
{
        const BootCommand *c = find_command(b, *data);
        b->op = *data;
        model_step(model(b), "boot:%02x", b->op);
        if (b->op == 0xff && traits(b)->rom) {
                cmd_rom_version(b);
                return;
        }
        if (b->op != 0xfe)
                model_send(model(b), data, 1);
        if (c)
                c->run(b);
        else
                expect_command(b);
}

static void expect_command(Boot *b)
{
        want(b, 1, command);
}

static void boot_feed(Boot *b, const uint8_t *data, size_t size)
{
        while (size && b->state == BOOT_LOOP) {
                size_t n;
                if (!b->want) {
                        n = MIN(size, b->agent_size - b->agent_got);
                        memcpy(b->agent + b->agent_got, data, n);
                        if (!b->agent_got)
                                model_step(model(b), "agent-data");
                        b->agent_got += n;
                        if (b->agent_got == b->agent_size)
                                agent_received(b);
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

static void boot_packet(Stage *s, const uint8_t *data, size_t size)
{
        Boot *b = (Boot *)s;
        if (!size) {
                bool agent = b->state == BOOT_LOOP && (!b->want || b->accepted);
                model_breach(s->model, agent ? TOLERATED_ZLP : BREACH_ZLP, "to the preloader");
                return;
        }
        switch (b->state) {
        case BOOT_LISTENS:
        case BOOT_TOKENS:
                memcpy(b->fifo + b->n_fifo, data, MIN(size, sizeof(b->fifo) - b->n_fifo));
                b->n_fifo += MIN(size, sizeof(b->fifo) - b->n_fifo);
                if (b->state == BOOT_TOKENS) {
                        take_tokens(b);
                        drain_fifo(b);
                }
                break;
        case BOOT_LOOP: boot_feed(b, data, size); break;
        default: break;
        }
}

const StageOps boot_rom = {
        .name = "boot rom",
        .size = sizeof(Boot),
        .enter = rom_enter,
        .accepts = boot_accepts,
        .outlives = boot_outlives,
        .packet = boot_packet,
        .timer = rom_timer,
};

const StageOps boot_preloader = {
        .name = "preloader",
        .size = sizeof(Boot),
        .enter = boot_enter,
        .accepts = boot_accepts,
        .outlives = boot_outlives,
        .packet = boot_packet,
        .timer = boot_timer,
        .configured = boot_configured,
        .line_coding = boot_line_coding,
        .control_due = boot_control_due,
};
