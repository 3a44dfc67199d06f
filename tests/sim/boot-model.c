/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The preloader and the boot ROM until a tool has shaken hands.
 *
 * Listening goes in rounds of 20 ms: send READY (once a line coding was set), see whether the
 * window is over, take what the OUT FIFO holds. Only then does the phone look at the bus at all, so
 * control requests and bytes wait for the round. Of what it takes, it looks at the first byte: A0
 * means a tool, the whole chunk is thrown away and the four tokens must follow within 300 ms.
 * Anything else is collected to words of eight letters. After the tokens there is no time limit. */

#include <string.h>

#include "boot-private.h"

enum {
        POLL_US = 20000,
        READY_US = 300000, /* an uncollected READY is given up then */
};

static void boot_android(Boot *b)
{
        b->state = BOOT_STILL;
        model_leave(boot_model(b), 0, AFTER_ANDROID);
}

static void boot_enter(Stage *s)
{
        Boot *b = (Boot *)s;
        model_set_usb(s->model,
                s->config->layout == DESC_CAPTURED ? USB_PRELOADER_CAPTURED : USB_PRELOADER);
        if (s->config->usb_id)
                model_set_ids(
                        s->model, (uint16_t)(s->config->usb_id >> 16), (uint16_t)s->config->usb_id);
        b->wdt_mode = boot_traits(b)->wdt_mode;
        b->state = BOOT_WAITS;
        s->timer = model_now(s->model) + s->config->enum_ms * MODEL_MS;
}

/* The boot ROM has nothing to boot: it waits for a tool until the watchdog resets it. */
static void rom_enter(Stage *s)
{
        Boot *b = (Boot *)s;
        model_set_usb(s->model, USB_BROM);
        b->wdt_mode = boot_traits(b)->wdt_mode;
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
        b->window_start = model_now(s->model);
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
                        model_send(boot_model(b), words[i].answer, strlen(words[i].answer));
                        model_event(boot_model(b), "mode %s", words[i].mode);
                        b->state = BOOT_STILL;
                        model_leave(boot_model(b), POLL_US, AFTER_ANDROID);
                        return;
                }
        if (!memcmp(b->word, "AT+", 3)) {
                model_send(boot_model(b), "AT+UNKONWN", 10);
                return;
        }
        model_event(boot_model(b), "unknown word, boots on");
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
                        if (boot_traits(b)->rom) /* it never gets tired of answering */
                                model_send(boot_model(b), &again, 1);
                        continue;
                }
                if (c != tokens[b->token]) {
                        answer = (uint8_t)(c + 1);
                        model_breach(boot_model(b), BREACH_TOKEN, "%02x in place of %02x", c,
                                tokens[b->token]);
                        b->token = 0;
                } else {
                        answer = (uint8_t)~c;
                        b->token++;
                }
                model_send(boot_model(b), &answer, 1);
                if (b->token == 4) {
                        b->state = BOOT_LOOP;
                        if (!boot_traits(b)->rom)
                                b->stage.timer = MODEL_NEVER;
                        model_event(boot_model(b), "handshake");
                        model_step(boot_model(b), "handshake");
                        boot_loop(b);
                }
        }
        /* what follows the last token in the same packet belongs to the command loop */
        memmove(b->fifo, b->fifo + i, b->n_fifo - i);
        b->n_fifo -= i;
}

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
                b->tokens_end = model_now(boot_model(b)) + b->stage.config->tokens_ms * MODEL_MS;
                b->stage.timer = b->tokens_end;
                model_event(boot_model(b), "first A0");
                model_step(boot_model(b), "tokens");
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

static uint64_t window_end(const Boot *b)
{
        const PhoneConfig *c = b->stage.config;
        bool again = c->again_ms && model_came_back(b->stage.model);
        return b->window_start + (again ? c->again_ms : c->window_ms) * MODEL_MS;
}

static void listen_round(Boot *b)
{
        uint64_t now = model_now(boot_model(b));
        if (b->ready_since && !model_sent(boot_model(b)) && now < b->ready_since + READY_US) {
                b->stage.timer = MIN(now + POLL_US, b->ready_since + READY_US);
                return; /* it stands in the send call */
        }
        b->ready_since = 0;
        model_drop(boot_model(b));
        if (now >= window_end(b)) {
                model_event(boot_model(b), "window over");
                boot_android(b);
                return;
        }
        take_chunk(b);
        if (b->state != BOOT_LISTENS)
                return;
        if (b->coding) {
                b->ready_since = now;
                model_send(boot_model(b), "READY", 5);
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
