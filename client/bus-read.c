/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "client/bus-read.h"
#include "client/format.h"
#include "dbus/names.h"

enum { VALUE_DEPTH_MAX = 8, KEY_MAX = 64 };

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
        else if (strcmp(key, "hw_sub_code") == 0 || ends_with(key, "w_version"))
                better = json_sprintf("0x%04llx", (unsigned long long)v); /* 0 is one, too */
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

int bus_read_interfaces(sd_bus_message *m, const char *interface, json_t *j)
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

void object_complete(json_t *j)
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
                r = bus_read_interfaces(m, interface, j);
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
