/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/details.h"
#include "client/error.h"
#include "client/request.h"
#include "client/verb.h"
#include "format/memory-report.h"

static const char *arg_device, *arg_chip;
static uint64_t arg_timeout;

static const Option options[] = {
        { 'd', "device", "PORT", "only a phone on this USB port", OPTION_STRING, &arg_device },
        { 0, "chip", "CHIP", "try a phone of no known chip as this one", OPTION_STRING, &arg_chip },
        { 't', "timeout", "SECONDS", "give up when no phone has appeared by then", OPTION_NUMBER,
                &arg_timeout },
        {},
};

/* "hw_code" -> "hw code": the members of the report are the field's own words already */
static void members_print(const char *title, json_t *object)
{
        const char *key;
        json_t *value;

        if (!json_is_object(object))
                return;
        out_line("%s", title);
        json_object_foreach(object, key, value)
        {
                /* lists of objects and sizes that are not known are the memory report's business */
                if (json_is_object(json_array_get(value, 0)) ||
                        (json_is_integer(value) && json_integer_value(value) == 0))
                        continue;
                _cleanup_free_ char *text = NULL, *label = strdup(key);
                size_t length = strlen(key);
                bool size = json_is_integer(value) &&
                        ((length > 5 && strcmp(key + length - 5, "_size") == 0) ||
                                strcmp(key, "size") == 0 || strcmp(key, "sram") == 0 ||
                                strcmp(key, "dram") == 0);
                for (char *c = label; c && *c; c++)
                        *c = *c == '_' ? ' ' : *c;
                text = column_text(&(Column){ .key = key,
                                           .kind = size                   ? COLUMN_SIZE
                                                   : json_is_array(value) ? COLUMN_LIST
                                                                          : COLUMN_TEXT },
                        object);
                out_line("  %-16s %s", label ?: key, text ?: "?");
        }
}

static uint64_t size_of(json_t *object, const char *key)
{
        json_int_t size = json_integer_value(json_object_get(object, key));

        return size > 0 ? (uint64_t)size : 0;
}

/* The text that people know from the flash tool, and paste into forums. */
static void memory_print(json_t *storage)
{
        _cleanup_free_ char *text = NULL;
        MemoryReport m = { .ram_type = "DRAM" };
        json_t *region;
        size_t i;
        int type;

        if (!json_is_object(storage))
                return;
        type = storage_type_from_string(object_text(storage, "type"));
        m.storage = type < 0 ? STORAGE_UNKNOWN : (StorageType)type;
        m.internal_ram = size_of(storage, "sram");
        m.external_ram = size_of(storage, "dram");
        json_array_foreach(json_object_get(storage, "regions"), i, region)
        {
                StorageType of;
                RegionKind kind;

                if (region_from_name(object_text(region, "name"), &of, &kind) == 0)
                        m.regions[kind] = size_of(region, "size");
        }
        if (m.storage == STORAGE_NAND)
                m.nand_size = m.regions[REGION_USER];
        if (memory_report_write(&m, &text) < 0)
                return;
        out_line("%s", "");
        for (char *line = text, *next; line && *line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = 0;
                /* lines are printed one by one, tabs as the blanks that copies of it have */
                for (char *c = line; *c; c++)
                        if (*c == '\t')
                                *c = ' ';
                out_line("%s", line);
        }
}

static int report_print(json_t *report)
{
        json_t *note;
        size_t i;

        if (arg_json) {
                out_event("report", json_incref(report));
                return EXIT_OK;
        }
        redact_json(report);
        out_line("Phone on USB port %s", object_text(report, "port"));
        members_print("Identity", json_object_get(report, "identity"));
        members_print("Storage", json_object_get(report, "storage"));
        memory_print(json_object_get(report, "storage"));
        json_array_foreach(json_object_get(report, "notes"), i, note)
                out_line("%s", json_string_value(note) ?: "");
        return EXIT_OK;
}

/* A phone that refused its agent has said what it is all the same. True: there is a report. */
static bool has_report(sd_bus *bus, const char *path)
{
        _cleanup_message_ sd_bus_message *m = NULL;

        return bus_method(bus, path, IFACE_JOB, "GetReport", &m) == 0 &&
                sd_bus_call(bus, m, UINT64_MAX, NULL, NULL) >= 0;
}

static int run(int argc, char **argv)
{
        _cleanup_(request_done) Request q = {};
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *report = NULL;
        _cleanup_free_ char *path = NULL;
        const char *text;
        int code;

        int r = request_start(&q, "detect", "", true);
        if (r)
                return r;
        r = request_option(&q, "device", arg_device);
        r = r < 0 ? r : request_option(&q, "chip", arg_chip);
        if (r < 0)
                return error_bus(NULL, r);
        r = request_send(&q);
        if (r)
                return r;
        if (arg_timeout)
                follow_set_timeout(q.follow, arg_timeout);
        message("job %u: waiting for a phone; plug it in, switched off", q.id);
        code = follow_run(q.follow);
        path = bus_job_path(q.id);
        if (code && !(path && has_report(q.bus, path)))
                return code;
        r = path ? bus_call(q.bus, path, IFACE_JOB, "GetReport", &reply, NULL) : EXIT_GENERAL;
        if (r)
                return r;
        r = sd_bus_message_read_basic(reply, 's', &text);
        if (r < 0)
                return error_bus(NULL, r);
        report = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        if (!report)
                return error_fail(ERROR_FAILED, "the service's report cannot be read");
        r = report_print(report);
        return code ? code : r;
}

const Verb verb_detect = {
        .name = "detect",
        .group = GROUP_JOBS,
        .synopsis = "[OPTION…]",
        .summary = "show identity and memory of the next phone, save nothing",
        .options = options,
        .needs_bus = true,
        .run = run,
};
