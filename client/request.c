/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "client/error.h"
#include "client/output.h"
#include "client/request.h"

void request_done(Request *q)
{
        follow_free(q->follow);
        sd_bus_message_unref(q->call);
        sd_bus_flush_close_unref(q->bus);
        *q = (Request){};
}

static int begin(
        Request *q, const char *path, const char *interface, const char *member, bool follow)
{
        int r = bus_open_asking(&q->bus);
        if (r)
                return r;
        if (follow) {
                r = follow_new(q->bus, &q->follow);
                if (r)
                        return r;
        }
        return bus_method(q->bus, path, interface, member, &q->call);
}

int request_start(Request *q, const char *kind, const char *profile, bool follow)
{
        int r = begin(q, PATH_MANAGER, IFACE_MANAGER, "Queue", follow);
        if (r)
                return r;
        r = sd_bus_message_append(q->call, "ss", kind, profile);
        if (r >= 0)
                r = sd_bus_message_open_container(q->call, 'a', "{sv}");
        return r < 0 ? error_bus(NULL, r) : 0;
}

int request_start_again(Request *q, uint32_t job, bool follow)
{
        _cleanup_free_ char *path = bus_job_path(job);
        if (!path)
                return error_errno(-ENOMEM, "cannot queue job %u again", job);
        int r = begin(q, path, IFACE_JOB, "Retry", follow);
        if (r)
                return r;
        r = sd_bus_message_open_container(q->call, 'a', "{sv}");
        return r < 0 ? error_bus(NULL, r) : 0;
}

int request_option(Request *q, const char *key, const char *value)
{
        return value ? sd_bus_message_append(q->call, "{sv}", key, "s", value) : 0;
}

int request_option_list(Request *q, const char *key, const char *list)
{
        _cleanup_free_ char *copy = NULL;
        char *rest, *word;

        if (!list)
                return 0;
        rest = copy = strdup(list);
        if (!copy)
                return -ENOMEM;
        int r = sd_bus_message_open_container(q->call, 'e', "sv");
        r = r < 0 ? r : sd_bus_message_append_basic(q->call, 's', key);
        r = r < 0 ? r : sd_bus_message_open_container(q->call, 'v', "as");
        r = r < 0 ? r : sd_bus_message_open_container(q->call, 'a', "s");
        while (r >= 0 && (word = strsep(&rest, ",")))
                if (*word)
                        r = sd_bus_message_append_basic(q->call, 's', word);
        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(q->call);
        return r;
}

int request_send(Request *q)
{
        _cleanup_message_ sd_bus_message *reply = NULL;

        int r = sd_bus_message_close_container(q->call);
        if (r < 0)
                return error_bus(NULL, r);
        r = bus_call_message(q->bus, q->call, &reply);
        if (r)
                return r;
        const char *path;
        r = sd_bus_message_read(reply, "uo", &q->id, &path);
        if (r < 0)
                return error_bus(NULL, r);
        return q->follow ? follow_add(q->follow, q->id) : 0;
}

int request_print(const Request *q)
{
        if (arg_json)
                return out_json(json_pack("{s:s, s:i}", "type", "queued", "id", (int)q->id));
        message("job %u is queued; “mtkbackupctl watch %u” follows it", q->id, q->id);
        out_line("%u", q->id);
        return EXIT_OK;
}
