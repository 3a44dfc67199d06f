/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/bus.h"
#include "client/columns.h"
#include "client/error.h"
#include "client/lists.h"
#include "client/verb.h"

/* ---- what is so ---- */

static const Column columns[] = {
        { "PHONE", "id" },
        { "CHIP", "chip" },
        { "AGREED", "agreed", COLUMN_YESNO },
        { "BY UID", "uid", COLUMN_NUMBER },
        { "SINCE", "since", COLUMN_TIME },
        { "BACKUPS OF", "device_key", .shrink = true },
        {},
};

static int read_phones(sd_bus *bus, json_t *phones)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *mark, *chip, *key;
        char since[FORMAT_MAX];
        uint32_t uid;
        uint64_t at;
        int agreed;

        int r = bus_call(bus, PATH_MANAGER, IFACE_MANAGER, "ListPhones", &reply, NULL);
        if (r)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(sssbut)");
        while (r >= 0 &&
                (r = sd_bus_message_read(
                         reply, "(sssbut)", &mark, &chip, &key, &agreed, &uid, &at)) > 0)
                json_array_append_new(phones,
                        json_pack("{s:s, s:s, s:s, s:b, s:I, s:s}", "id", mark, "chip", chip,
                                "device_key", key, "agreed", agreed, "uid", (json_int_t)uid,
                                "since", format_rfc3339(at, since)));
        return r < 0 ? error_bus(NULL, r) : 0;
}

/* Jobs that wait for somebody to agree. */
static int read_asking(sd_bus *bus, json_t *asking)
{
        _cleanup_json_ json_t *jobs = NULL;
        json_t *job;
        size_t i;

        int r = bus_objects(bus, IFACE_JOB, &jobs);
        if (r)
                return r;
        json_array_foreach(jobs, i, job) if (json_is_true(json_object_get(job, "needs_approval")))
                json_array_append(asking, job);
        return 0;
}

static json_t *rules(json_t *manager)
{
        return json_pack("{s:O, s:O, s:O, s:O, s:O}", "on", json_object_get(manager, "auto_backup"),
                "decided_by", json_object_get(manager, "auto_backup_decided_by"), "profile",
                json_object_get(manager, "auto_backup_profile"), "minimum_interval",
                json_object_get(manager, "auto_backup_interval"), "known_phones_only",
                json_object_get(manager, "auto_backup_known_only"));
}

static void print_rules(const json_t *o)
{
        unsigned minutes = (unsigned)(object_number(o, "minimum_interval") / 60);
        char interval[FORMAT_MAX];

        if (minutes % (24 * 60) == 0 && minutes > 0)
                snprintf(interval, sizeof(interval), "%ud", minutes / (24 * 60));
        else if (minutes % 60 == 0)
                snprintf(interval, sizeof(interval), "%uh", minutes / 60);
        else
                snprintf(interval, sizeof(interval), "%um", minutes);
        out_line("Automatic backup is %s, decided by: %s.",
                json_is_true(json_object_get(o, "on")) ? "on" : "off",
                object_text(o, "decided_by"));
        out_line("Profile: %s. Minimum interval: %s. Known phones only: %s.",
                object_text(o, "profile"), interval,
                json_is_true(json_object_get(o, "known_phones_only")) ? "yes" : "no");
}

static int print_status(const json_t *o)
{
        json_t *phones = json_object_get(o, "phones"), *jobs = json_object_get(o, "jobs");
        int r = 0;

        print_rules(o);
        if (json_array_size(phones)) {
                out_line("%s", "");
                redact_json(phones);
                r = columns_print(columns, phones, NULL);
        } else
                out_line("No phone is known yet.");
        if (r >= 0 && json_array_size(jobs)) {
                out_line("%s", "");
                r = jobs_print(jobs);
        }
        return r < 0 ? error_errno(r, "cannot print the table") : EXIT_OK;
}

static int read_rules(sd_bus *bus, json_t **ret)
{
        _cleanup_json_ json_t *manager = NULL;

        int r = bus_object(bus, PATH_MANAGER, IFACE_MANAGER, &manager);
        if (r)
                return r;
        *ret = rules(manager);
        return *ret ? 0 : error_bus(NULL, -EBADMSG);
}

static int status(sd_bus *bus)
{
        _cleanup_json_ json_t *o = NULL, *phones = json_array(), *jobs = json_array();

        int r = read_rules(bus, &o);
        if (r)
                return r;
        r = read_phones(bus, phones);
        if (r)
                return r;
        r = read_asking(bus, jobs);
        if (r)
                return r;
        json_object_set(o, "phones", phones);
        json_object_set(o, "jobs", jobs);
        return arg_json ? out_json(TAKE_PTR(o)) : print_status(o);
}

/* ---- what shall be so ---- */

static int after_switch(sd_bus *bus)
{
        _cleanup_json_ json_t *o = NULL;

        int r = read_rules(bus, &o);
        if (r)
                return r;
        if (arg_json)
                return out_json(TAKE_PTR(o));
        message("automatic backup is %s", json_is_true(json_object_get(o, "on")) ? "on" : "off");
        return EXIT_OK;
}

static int set(sd_bus *bus, const char *word)
{
        int r = bus_call(bus, PATH_MANAGER, IFACE_MANAGER, "SetAutoBackup", NULL, "b",
                strcmp(word, "on") == 0);

        return r ? r : after_switch(bus);
}

static int reset(sd_bus *bus, const char *word)
{
        int r = bus_call(bus, PATH_MANAGER, IFACE_MANAGER, "ResetAutoBackup", NULL, NULL);

        return r ? r : after_switch(bus);
}

static int approve(sd_bus *bus, const char *word)
{
        uint32_t id;

        int r = bus_call_job(bus, word, "Approve", &id);
        if (r)
                return r;
        if (arg_json)
                return out_json(json_pack("{s:I}", "id", (json_int_t)id));
        message("job %u will back its phone up; if that has started meanwhile, switch it off and "
                "plug it in again",
                id);
        return EXIT_OK;
}

static int forget(sd_bus *bus, const char *word)
{
        int r = bus_call(bus, PATH_MANAGER, IFACE_MANAGER, "ForgetPhone", NULL, "s", word);

        if (r)
                return r;
        if (arg_json)
                return out_json(json_pack("{s:s}", "id", word));
        message("phone %s is forgotten", word);
        return EXIT_OK;
}

static const struct {
        const char *name, *argument;
        int (*run)(sd_bus *bus, const char *word);
} actions[] = {
        { "on", NULL, set },
        { "off", NULL, set },
        { "reset", NULL, reset },
        { "approve", "JOB", approve },
        { "forget", "PHONE", forget },
};

static int run(int argc, char **argv)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        const char *word = argc > 0 ? argv[0] : "status";
        int r;

        if (strcmp(word, "status") == 0 && argc < 2) {
                r = bus_open(&bus);
                return r ? r : status(bus);
        }
        for (size_t i = 0; i < ELEMENTS(actions); i++) {
                if (strcmp(actions[i].name, word) != 0)
                        continue;
                if (!actions[i].argument && argc > 1)
                        break;
                if (actions[i].argument && argc == 1)
                        return error_usage(
                                "which one? “mtkbackupctl auto %s %s”", word, actions[i].argument);
                r = bus_open_asking(&bus);
                return r ? r : actions[i].run(bus, argv[argc - 1]);
        }
        return error_usage("“auto” does not understand “%s”", argv[argc - 1]);
}

const Verb verb_auto = {
        .name = "auto",
        .group = GROUP_SETUP,
        .synopsis = "[on | off | reset | status | approve JOB | forget PHONE]",
        .summary = "back phones up by themselves when they are plugged in",
        .help = "Without a word or with “status”: whether automatic backup is on and what has "
                "decided that\n"
                "(this switch, the configuration, or the default, which is off), the rules, the "
                "phones\n"
                "that somebody agreed to or refused, and the jobs that wait for somebody to "
                "agree.\n"
                "\n"
                "“on” and “off” go before the configuration until “reset”. “approve” agrees to "
                "the\n"
                "automatic backup of a phone, now and later; “cancel” of that job refuses it. "
                "“forget”\n"
                "takes back what was said about a phone: it will be asked about again. The rules "
                "are\n"
                "in mtkbackupd.yaml(5).",
        .max_args = 2,
        .needs_bus = true,
        .run = run,
};
