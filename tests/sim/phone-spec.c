/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phone-spec.h"

#include <errno.h>
#include <string.h>

#include "basic/table.h"
#include "chips.h"
#include "usb-bus.h"

int phone_spec_set(PhoneSpec *s, const char *word)
{
        const char *value = strchr(word, '=');
        size_t n = value ? (size_t)(value++ - word) : 0;
        int kind, r = 0;
        if (n == 5 && !strncmp(word, "flash", n))
                snprintf(s->config.flash, sizeof(s->config.flash), "%s", value);
        else if (n == 4 && !strncmp(word, "user", n))
                r = parse_size(value, &s->flash.user_size);
        else if (n == 4 && !strncmp(word, "boot", n))
                r = parse_size(value, &s->flash.boot_size);
        else if (n == 4 && !strncmp(word, "seed", n))
                r = parse_size(value, &s->flash.seed);
        else if (n == 10 && !strncmp(word, "generation", n))
                r = parse_size(value, &s->flash.generation);
        else if (n == 3 && !strncmp(word, "gpt", n)) {
                r = kind = table_value(gpt_kind_names, _GPT_MAX, value);
                s->flash.gpt = (GptKind)kind;
        } else if (n == 4 && !strncmp(word, "port", n)) {
                unsigned fault = port_fault_from_string(value);
                /* "port=none" takes all away */
                s->port_faults = fault ? s->port_faults | fault : 0;
                r = fault || !strcmp(value, "none") ? 0 : -EINVAL;
        } else
                return config_set(&s->config, word);
        if (r < 0)
                fprintf(stderr, "not a variation of a phone: %s\n", word);
        return r < 0 ? -EINVAL : 0;
}

/* However busy the machine is: a phone waits for its host, unless a test says otherwise, and starts
 * soon when it has been let go. */
static void be_patient(PhoneConfig *c)
{
        c->window_ms = c->enum_ms = c->bite_ms = 600 * 1000;
        c->tokens_ms = 10 * 1000;
        c->again_ms = 300;
}

int phone_spec_parse(const char *text, PhoneSpec *ret)
{
        _cleanup_free_ char *copy = strdup(text);
        char *rest = copy, *word;
        if (!copy)
                return -ENOMEM;
        word = strsep(&rest, ",");
        *ret = (PhoneSpec){};
        flash_spec_init(&ret->flash);
        if (config_init(&ret->config, word) < 0) {
                fprintf(stderr, "no chip %s; known:\n", word);
                personality_list(stderr);
                return -EINVAL;
        }
        be_patient(&ret->config);
        ret->flash.ufs = ret->config.chip->ufs;
        while ((word = strsep(&rest, ",")))
                if (phone_spec_set(ret, word) < 0)
                        return -EINVAL;
        return 0;
}

int phone_spec_make_flash(PhoneSpec *s, const char *dir)
{
        char file[600];
        if (!s->config.flash[0])
                snprintf(s->config.flash, sizeof(s->config.flash), "%s", dir);
        snprintf(file, sizeof(file), "%s/%s", s->config.flash,
                flash_file(FLASH_USER, s->config.chip->ufs));
        if (access(file, F_OK) == 0)
                return 0;
        s->made = true;
        int r = flash_make(s->config.flash, &s->flash);
        if (r < 0)
                fprintf(stderr, "%s: %s\n", s->config.flash, strerror(-r));
        return r;
}

void phone_spec_help(FILE *f)
{
        fprintf(f,
                "A phone is CHIP[,KEY=VALUE]...; keys, beside those below: flash=DIR (made when "
                "it\n"
                "is not there), user=SIZE boot=SIZE seed=N generation=N gpt=KIND of what is made,\n"
                "port=FAULT (none");
        port_fault_help(f);
        fprintf(f, ")\n");
        config_help(f);
}
