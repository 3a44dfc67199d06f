/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "client/bus.h"
#include "client/error.h"
#include "client/number.h"
#include "client/output.h"
#include "client/tty-agent.h"

int bus_open(sd_bus **ret)
{
        _cleanup_bus_ sd_bus *bus = NULL;

        int r = sd_bus_open_system_with_description(&bus, "mtkbackupctl");
        if (r < 0)
                return error_bus(NULL, r);
        *ret = TAKE_PTR(bus);
        return 0;
}

int bus_open_asking(sd_bus **ret)
{
        int r = bus_open(ret);
        if (r)
                return r;
        if (isatty(STDIN_FILENO) && stderr_is_terminal()) {
                sd_bus_set_allow_interactive_authorization(*ret, true);
                tty_agent_start();
        }
        return 0;
}

int bus_for_each(int argc, char **argv, int (*one)(sd_bus *bus, const char *word))
{
        _cleanup_bus_ sd_bus *bus = NULL;
        int worst = EXIT_OK;

        int r = bus_open_asking(&bus);
        if (r)
                return r;
        for (int i = 0; i < argc; i++)
                worst = exit_code_worse(worst, one(bus, argv[i]));
        return worst;
}

int bus_method(sd_bus *bus, const char *path, const char *interface, const char *member,
        sd_bus_message **ret)
{
        int r = sd_bus_message_new_method_call(bus, ret, BUS_NAME, path, interface, member);
        return r < 0 ? error_bus(NULL, r) : 0;
}

/* An object that the service does not have, by the path it would have. */
static int error_unknown_object(const char *path)
{
        static const struct {
                const char *path, *what;
                ErrorId id;
        } kinds[] = {
                { PATH_JOBS "/", "job", ERROR_NO_SUCH_JOB },
                { PATH_BACKUPS "/", "backup", ERROR_NO_SUCH_BACKUP },
                { PATH_DEVICES "/", "device", ERROR_NO_SUCH_DEVICE },
        };
        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                _cleanup_free_ char *id = NULL;
                size_t n = strlen(kinds[i].path);
                if (strncmp(path, kinds[i].path, n) != 0)
                        continue;
                sd_bus_path_decode(path, kinds[i].path, &id);
                const char *text = path[n] == '_' && i == 0 ? path + n + 1 : id ?: path + n;
                return error_fail(kinds[i].id, "there is no %s %s", kinds[i].what, text);
        }
        return 0;
}

int bus_call_message(sd_bus *bus, sd_bus_message *m, sd_bus_message **reply)
{
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;

        int r = sd_bus_call(bus, m, UINT64_MAX, &e, reply);
        if (r >= 0)
                return 0;
        int code = sd_bus_error_has_name(&e, SD_BUS_ERROR_UNKNOWN_OBJECT)
                ? error_unknown_object(sd_bus_message_get_path(m))
                : 0;
        return code ? code : error_bus(&e, r);
}

int bus_call(sd_bus *bus, const char *path, const char *interface, const char *member,
        sd_bus_message **reply, const char *types, ...)
{
        _cleanup_message_ sd_bus_message *m = NULL;
        va_list ap;

        int r = bus_method(bus, path, interface, member, &m);
        if (r)
                return r;
        va_start(ap, types);
        r = types ? sd_bus_message_appendv(m, types, ap) : 0;
        va_end(ap);
        return r < 0 ? error_bus(NULL, r) : bus_call_message(bus, m, reply);
}

int bus_objects(sd_bus *bus, const char *interface, json_t **ret)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *list = json_array();

        int r = bus_call(bus, PATH_MANAGER, "org.freedesktop.DBus.ObjectManager",
                "GetManagedObjects", &reply, NULL);
        if (r)
                return r;
        r = bus_read_objects(reply, interface, list);
        if (r < 0)
                return error_bus(NULL, r);
        *ret = TAKE_PTR(list);
        return 0;
}

int bus_object(sd_bus *bus, const char *path, const char *interface, json_t **ret)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *j = json_object();

        int r = bus_call(
                bus, path, "org.freedesktop.DBus.Properties", "GetAll", &reply, "s", interface);
        if (r)
                return r;
        r = bus_read_properties(reply, j);
        if (r < 0)
                return error_bus(NULL, r);
        object_complete(j);
        *ret = TAKE_PTR(j);
        return 0;
}

int backup_resolve(sd_bus *bus, const char *word, char **ret)
{
        _cleanup_json_ json_t *list = NULL;
        const char *found = NULL;
        json_t *j;
        size_t i, matches = 0;

        int r = bus_objects(bus, IFACE_BACKUP, &list);
        if (r)
                return r;
        json_array_foreach(list, i, j)
        {
                const char *id = object_text(j, "id");
                if (strcmp(id, word) == 0) {
                        found = id;
                        matches = 1;
                        break;
                }
                if (strcmp(word, "latest") != 0 && strncmp(id, word, strlen(word)) != 0)
                        continue;
                found = id;
                matches = strcmp(word, "latest") == 0 ? 1 : matches + 1;
        }
        if (!found && strcmp(word, "latest") == 0)
                return error_fail(ERROR_NO_SUCH_BACKUP, "there is no backup yet");
        if (!found || !*word)
                return error_fail(ERROR_NO_SUCH_BACKUP, "there is no backup “%s”", word);
        if (matches > 1)
                return error_fail(
                        ERROR_NO_SUCH_BACKUP, "%zu backups begin with “%s”", matches, word);
        *ret = strdup(found);
        return *ret ? 0 : error_errno(-ENOMEM, "cannot go on");
}

int job_parse(const char *word, uint32_t *ret)
{
        uint64_t id;

        if (number_parse(word, false, &id) < 0 || id == 0 || id > UINT32_MAX)
                return error_usage("“%s” is no number of a job", word);
        *ret = (uint32_t)id;
        return 0;
}

int bus_call_job(sd_bus *bus, const char *word, const char *member, uint32_t *ret_id)
{
        int r = job_parse(word, ret_id);
        if (r)
                return r;
        _cleanup_free_ char *path = bus_job_path(*ret_id);
        if (!path)
                return error_errno(-ENOMEM, "cannot work on job %u", *ret_id);
        return bus_call(bus, path, IFACE_JOB, member, NULL, "a{sv}", 0);
}
