/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "client/bus.h"
#include "client/error.h"
#include "client/tty-agent.h"
#include "client/verb.h"

enum { VALUE_DEPTH_MAX = 8, KEY_MAX = 64 };

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

/* StartedByUID -> started_by_uid */
static void key_from_property(const char *name, char out[static KEY_MAX])
{
        size_t n = 0;

        for (size_t i = 0; name[i] && n + 2 < KEY_MAX; i++) {
                bool word = i && isupper((unsigned char)name[i]) &&
                        (!isupper((unsigned char)name[i - 1]) ||
                                islower((unsigned char)name[i + 1]));
                if (word)
                        out[n++] = '_';
                out[n++] = (char)tolower((unsigned char)name[i]);
        }
        out[n] = 0;
}

static bool ends_with(const char *text, const char *end)
{
        size_t a = strlen(text), b = strlen(end);
        return a >= b && strcmp(text + a - b, end) == 0;
}

/* The service counts times in µs and ids as plain numbers; people and other programs read better
 * what is conventional for them. */
static void value_dress(const char *key, json_t **value)
{
        char buffer[FORMAT_MAX];

        json_int_t v = json_integer_value(*value);
        json_t *better = NULL;
        if (json_is_string(*value) && strcmp(json_string_value(*value), "/") == 0)
                better = json_null(); /* no object */
        else if (!json_is_integer(*value))
                return;
        else if (ends_with(key, "_at") || ends_with(key, "_end_time"))
                better = v ? json_string(format_rfc3339((uint64_t)v, buffer)) : json_null();
        else if (ends_with(key, "_id") || strcmp(key, "hw_code") == 0)
                better = v ? json_sprintf("0x%04llx", (unsigned long long)v) : json_null();
        if (!better)
                return;
        json_decref(*value);
        *value = better;
}

static int read_basic(sd_bus_message *m, char type, json_t **ret)
{
        union {
                int b;
                uint16_t q;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                const char *s;
        } v = {};

        if (!strchr("bquxtdsog", type)) /* what the interface uses, and what it may grow by */
                return -EBADMSG;
        int r = sd_bus_message_read_basic(m, type, &v);
        if (r < 0)
                return r;
        switch (type) {
        case 'b': *ret = json_boolean(v.b); break;
        case 'q': *ret = json_integer(v.q); break;
        case 'u': *ret = json_integer(v.u); break;
        case 'x': *ret = json_integer(v.x); break;
        /* JSON numbers of this library end at 2^63 - 1; nothing that is counted here gets there */
        case 't': *ret = v.t > INT64_MAX ? json_null() : json_integer((json_int_t)v.t); break;
        case 'd': *ret = json_real(v.d); break;
        default: *ret = json_string(v.s); break;
        }
        return *ret ? 0 : -ENOMEM;
}

static int read_any(sd_bus_message *m, unsigned depth, json_t **ret);

static int read_container(
        sd_bus_message *m, char type, const char *contents, unsigned depth, json_t **ret)
{
        _cleanup_json_ json_t *list = NULL;

        int r = sd_bus_message_enter_container(m, type, contents);
        if (r < 0)
                return r;
        if (type == SD_BUS_TYPE_VARIANT) {
                r = read_any(m, depth, &list);
                if (r < 0)
                        return r;
        } else {
                list = json_array();
                while ((r = sd_bus_message_at_end(m, false)) == 0) {
                        json_t *item;
                        r = read_any(m, depth, &item);
                        if (r < 0)
                                return r;
                        json_array_append_new(list, item);
                }
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list);
        return 0;
}

static int read_any(sd_bus_message *m, unsigned depth, json_t **ret)
{
        const char *contents;
        char type;

        if (depth > VALUE_DEPTH_MAX)
                return -EBADMSG;
        int r = sd_bus_message_peek_type(m, &type, &contents);
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        if (type == SD_BUS_TYPE_ARRAY && strcmp(contents, "{sv}") == 0) {
                *ret = json_object();
                return bus_read_properties(m, *ret);
        }
        if (strchr("avre", type))
                return read_container(m, type, contents, depth + 1, ret);
        return read_basic(m, type, ret);
}

int bus_read_value(sd_bus_message *m, json_t **ret)
{
        return read_any(m, 0, ret);
}

int bus_read_properties(sd_bus_message *m, json_t *j)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;
                char key[KEY_MAX];
                json_t *value;
                r = sd_bus_message_read_basic(m, 's', &name);
                if (r < 0)
                        return r;
                key_from_property(name, key);
                r = read_any(m, 1, &value);
                if (r < 0)
                        return r;
                value_dress(key, &value);
                json_object_set_new(j, key, value);
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* {oa{sa{sv}}}: the interfaces of one object; 1 when it has the wanted one */
static int read_interfaces(sd_bus_message *m, const char *interface, json_t *j)
{
        int found = 0;

        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                const char *name;
                r = sd_bus_message_read_basic(m, 's', &name);
                if (r < 0)
                        return r;
                bool wanted = strcmp(name, interface) == 0;
                found |= wanted;
                json_t *target = j;
                if (strcmp(name, IFACE_JOB_PROGRESS) == 0) {
                        target = json_object();
                        json_object_set_new(j, "progress", target);
                }
                r = wanted || target != j ? bus_read_properties(m, target)
                                          : sd_bus_message_skip(m, "a{sv}");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : found;
}

/* Every object of a list has an id; that of a device is its port. */
static void object_complete(json_t *j)
{
        if (!json_object_get(j, "id") && json_object_get(j, "port"))
                json_object_set(j, "id", json_object_get(j, "port"));
}

static int compare_ids(const void *a, const void *b)
{
        const json_t *x = json_object_get(*(json_t *const *)a, "id"),
                     *y = json_object_get(*(json_t *const *)b, "id");

        if (json_is_integer(x) && json_is_integer(y))
                return (json_integer_value(x) > json_integer_value(y)) -
                        (json_integer_value(x) < json_integer_value(y));
        return strcmp(json_string_value(x) ?: "", json_string_value(y) ?: "");
}

/* Ids of jobs count up, those of backups begin with the time: both sort by age. */
static int list_sort(json_t *list)
{
        size_t n = json_array_size(list);
        _cleanup_free_ json_t **items = calloc(n + 1, sizeof(*items));

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                items[i] = json_incref(json_array_get(list, i));
        qsort(items, n, sizeof(*items), compare_ids);
        for (size_t i = 0; i < n; i++)
                json_array_set_new(list, i, items[i]);
        return 0;
}

int bus_read_objects(sd_bus_message *m, const char *interface, json_t *list)
{
        int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                _cleanup_json_ json_t *j = json_object();
                const char *path;
                r = sd_bus_message_read_basic(m, 'o', &path);
                if (r < 0)
                        return r;
                r = read_interfaces(m, interface, j);
                if (r < 0)
                        return r;
                object_complete(j);
                if (r > 0)
                        json_array_append(list, j);
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : list_sort(list);
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

char *bus_job_path(uint32_t id)
{
        char *path;
        return asprintf(&path, PATH_JOBS "/_%u", id) < 0 ? NULL : path;
}

char *bus_backup_path(const char *id)
{
        char *path;
        return sd_bus_path_encode(PATH_BACKUPS, id, &path) < 0 ? NULL : path;
}

const char *object_text(const json_t *j, const char *key)
{
        return json_string_value(json_object_get(j, key)) ?: "";
}

uint64_t object_number(const json_t *j, const char *key)
{
        json_int_t v = json_integer_value(json_object_get(j, key));
        return v > 0 ? (uint64_t)v : 0;
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
