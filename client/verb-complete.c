/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What could come next on the command line, for the shells.
 *
 * The words typed so far, the last one being typed, are the arguments; one candidate a line comes
 * back, with a tab and a description where there is one. Everything follows from the tables: a
 * placeholder such as BACKUP in a synopsis or an option says what belongs there. A line ":file"
 * tells the shell to offer files. The service is asked only if it runs. */

#include <ctype.h>
#include <string.h>

#include "client/bus.h"
#include "client/help.h"
#include "client/verb.h"
#include "profile/chip.h"

enum { ASK_USEC = 1000 * 1000 }; /* nobody waits longer for a completion */

typedef struct Completion {
        const Verb *verb;        /* NULL: not typed yet */
        const char *word;        /* being typed */
        const char *before;      /* what of it stands before that: "--to=" */
        int n_before;            /* its length */
        const char *first;       /* the first positional argument before it, or "" */
        const char *placeholder; /* of the option whose value it is, or NULL */
        int position;            /* positional arguments before it */
} Completion;

static void offer(const Completion *c, const char *candidate, const char *description)
{
        /* ids and names of the service are harmless words; anything else is not offered */
        if (!*candidate || candidate[strcspn(candidate, " \t\n\033'\"\\$`;&|<>")] ||
                strncmp(candidate, c->word, strlen(c->word)) != 0)
                return;
        _cleanup_free_ char *text = strdup(description ?: "");
        printf("%.*s%s%s%s\n", c->n_before, c->before ?: "", candidate, text && *text ? "\t" : "",
                text ? text_sanitize(text) : "");
}

/* ---- what the service knows ---- */

static int ask(const char *interface, const char *member, sd_bus **ret_bus, sd_bus_message **ret)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_message_ sd_bus_message *m = NULL;

        int r = sd_bus_open_system(&bus);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(bus, &m, BUS_NAME, PATH_MANAGER, interface, member);
        r = r < 0 ? r : sd_bus_message_set_auto_start(m, false);
        r = r < 0 ? r : sd_bus_call(bus, m, ASK_USEC, NULL, ret);
        if (r < 0)
                return r;
        *ret_bus = TAKE_PTR(bus);
        return 0;
}

static void offer_profiles(const Completion *c)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *name, *chip, *title;
        int usable;

        if (ask(IFACE_MANAGER, "ListProfiles", &bus, &reply) < 0 ||
                sd_bus_message_enter_container(reply, 'a', "(sssb)") < 0)
                return;
        while (sd_bus_message_read(reply, "(sssb)", &name, &chip, &title, &usable) > 0)
                if (usable)
                        offer(c, name, title);
}

static void offer_objects(const Completion *c, const char *interface, const char *description)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *list = json_array();
        json_t *object;
        size_t i;

        if (ask("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &bus, &reply) < 0 ||
                bus_read_objects(reply, interface, list) < 0)
                return;
        json_array_foreach(list, i, object)
        {
                json_t *id = json_object_get(object, "id");
                char number[16];
                snprintf(number, sizeof(number), "%u", (unsigned)json_integer_value(id));
                offer(c, json_string_value(id) ?: number, object_text(object, description));
        }
}

static void offer_backups(const Completion *c)
{
        offer(c, "latest", "the newest backup");
        offer_objects(c, IFACE_BACKUP, "name");
}

static void offer_jobs(const Completion *c)
{
        offer_objects(c, IFACE_JOB, "state");
}

static void offer_devices(const Completion *c)
{
        offer_objects(c, IFACE_DEVICE, "chip");
}

static void offer_phones(const Completion *c)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *mark, *chip, *key;
        uint32_t uid;
        uint64_t since;
        int agreed;

        if (ask(IFACE_MANAGER, "ListPhones", &bus, &reply) < 0 ||
                sd_bus_message_enter_container(reply, 'a', "(sssbut)") < 0)
                return;
        while (sd_bus_message_read(reply, "(sssbut)", &mark, &chip, &key, &agreed, &uid, &since) >
                0)
                offer(c, mark, agreed ? "agreed" : "refused");
}

/* ---- what the tables know ---- */

static void offer_files(const Completion *c)
{
        out_line(":file");
}

static void offer_chips(const Completion *c)
{
        for (size_t i = 0; i < chip_count(); i++)
                offer(c, chip_at(i)->name, chip_at(i)->marketing);
}

static void offer_verbs(const Completion *c)
{
        for (const Verb *const *v = verbs; *v; v++)
                if ((*v)->group != GROUP_HIDDEN)
                        offer(c, (*v)->name, (*v)->summary);
}

static void offer_options(const Completion *c, const Option *options)
{
        char word[80];

        for (const Option *o = options; o && o->name; o++) {
                snprintf(word, sizeof(word), "--%s", o->name);
                offer(c, word, o->help);
        }
}

static const struct {
        const char *placeholder;
        void (*offer)(const Completion *c);
} kinds[] = {
        { "PROFILE", offer_profiles },
        { "BACKUP", offer_backups },
        { "JOB", offer_jobs },
        { "PORT", offer_devices },
        { "PHONE", offer_phones },
        { "CHIP", offer_chips },
        { "VERB", offer_verbs },
        { "FILE", offer_files },
        { "DIR", offer_files },
        { "DUMP", offer_files },
        { "SCATTER", offer_files },
};

/* Is it a word of the text? FILE is none of PROFILE. */
static bool has_word(const char *text, const char *word)
{
        size_t n = strlen(word);

        for (const char *at = text; (at = strstr(at, word)); at += n)
                if ((at == text || !isupper((unsigned char)at[-1])) &&
                        !isupper((unsigned char)at[n]))
                        return true;
        return false;
}

/* Offers for each kind whose placeholder is a word of the text. */
static void offer_kinds(const Completion *c, const char *text)
{
        bool files = false;

        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                if (!has_word(text, kinds[i].placeholder) ||
                        (kinds[i].offer == offer_files && files))
                        continue;
                kinds[i].offer(c);
                files = files || kinds[i].offer == offer_files;
        }
}

/* Length of a word that is typed as it stands, such as "import" or "v1"; 0: it is none. */
static size_t keyword_length(const char *text)
{
        size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");

        return n > 1 && (!text[n] || strchr(" ]|", text[n])) ? n : 0;
}

static void offer_keyword(const Completion *c, const char *word, size_t n)
{
        char text[32];

        snprintf(text, sizeof(text), "%.*s", (int)n, word);
        offer(c, text, NULL);
}

/* The values an option can have: "v1|v2|xml", or a placeholder. */
static void offer_value(const Completion *c, const char *values)
{
        for (const char *at = values; *at; at += strcspn(at, "|"), at += *at == '|')
                offer_keyword(c, at, keyword_length(at));
        offer_kinds(c, values);
}

/* One way to use a verb: "approve JOB", or "FILE|BACKUP:PART". */
static void offer_form(const Completion *c, const char *form)
{
        size_t n = keyword_length(form);

        if (n == 0)
                offer_kinds(c, form);
        else if (c->position == 0)
                offer_keyword(c, form, n);
        else if (strlen(c->first) == n && strncmp(form, c->first, n) == 0)
                offer_kinds(c, form + n);
}

/* The ways stand beside each other in a synopsis: "[on | off | approve JOB]". */
static void offer_arguments(const Completion *c)
{
        _cleanup_free_ char *synopsis = strdup(c->verb->synopsis ?: "");
        char *form = synopsis, *next;

        if (c->verb->max_args >= 0 && c->position >= c->verb->max_args)
                return;
        for (; form; form = next) {
                next = strstr(form, " | ");
                if (next) {
                        *next = 0;
                        next += strlen(" | ");
                }
                offer_form(c, form + (*form == '['));
        }
}

static const Option *option_find(const Option *options, const char *word)
{
        size_t n = strcspn(word, "=");

        for (const Option *o = options; o && o->name; o++)
                if ((word[0] == '-' && word[1] == '-' && n - 2 == strlen(o->name) &&
                            strncmp(word + 2, o->name, n - 2) == 0) ||
                        (word[0] == '-' && word[1] == o->letter && o->letter && !word[2]))
                        return o;
        return NULL;
}

/* What stands before the word decides what it is. Shells that cut at "=" give it as a word. */
static void completion_read(Completion *c, int argc, char **argv)
{
        for (int i = 0; i < argc; i++) {
                const char *word = argv[i];
                bool last = i + 1 == argc;
                const Option *o = option_find(c->verb ? c->verb->options : NULL, word);
                const char *equals = strchr(word, '=');
                if (o && o->arg && last && equals) {
                        c->placeholder = o->arg;
                        c->word = equals + 1;
                        c->before = word;
                        c->n_before = (int)(equals + 1 - word);
                        return;
                }
                if (o && o->arg && !last && !equals) {
                        bool cut = i + 1 < argc && strcmp(argv[i + 1], "=") == 0;
                        int value = i + 1 + cut;
                        if (value >= argc - 1) {
                                c->placeholder = o->arg;
                                c->word = value < argc ? argv[value] : "";
                                return;
                        }
                        i = value;
                        continue;
                }
                c->word = word;
                if (last || word[0] == '-')
                        continue;
                if (!c->verb)
                        c->verb = verb_find(word);
                else if (c->position++ == 0)
                        c->first = word;
        }
}

static int run(int argc, char **argv)
{
        Completion c = { .word = "", .first = "" };

        completion_read(&c, argc, argv);
        if (c.placeholder) {
                offer_value(&c, c.placeholder);
        } else if (c.word[0] == '-') {
                offer_options(&c, c.verb ? c.verb->options : NULL);
                offer_options(&c, common_options);
        } else if (!c.verb) {
                offer_verbs(&c);
        } else {
                offer_arguments(&c);
        }
        return EXIT_OK;
}

const Verb verb_complete = {
        .name = "complete",
        .group = GROUP_HIDDEN,
        .synopsis = "-- [WORD…]",
        .summary = "what could come next on a command line, for shells",
        .max_args = -1,
        .run = run,
};
