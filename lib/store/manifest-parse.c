/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From manifest.json to a Manifest. Everything that others rely on is checked here: a caller may
 * use the names as file names and the numbers as sizes. */

#include "store/manifest.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "basic/bytes.h"
#include "store/time-text.h"

/* What is being read and the first thing that was wrong with it. */
typedef struct Reader {
        char *why; /* MANIFEST_TEXT_MAX bytes; "" while all is well */
        const char *where;
} Reader;

static void complain(Reader *r, const char *format, ...) _printf_(2, 3);
static void complain(Reader *r, const char *format, ...)
{
        char text[MANIFEST_TEXT_MAX / 2];
        va_list arguments;

        if (r->why[0])
                return;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        snprintf(r->why, MANIFEST_TEXT_MAX, "%.70s%s%s", r->where, r->where[0] ? ": " : "", text);
}

/* ---- values ---- */

static json_t *section(Reader *r, json_t *root, const char *key, json_type type)
{
        json_t *value = json_object_get(root, key);

        if (value && json_typeof(value) == type)
                return value;
        complain(r, "%s is missing or of another type", key);
        return NULL;
}

static void text(Reader *r, json_t *o, const char *key, bool needed, char *out, size_t size)
{
        json_t *value = json_object_get(o, key);

        out[0] = 0;
        if (!value && !needed)
                return;
        /* a zero byte inside would hide the rest */
        if (!json_is_string(value) || json_string_length(value) >= size ||
                strlen(json_string_value(value)) != json_string_length(value))
                complain(r, "%s is missing or no text of less than %zu bytes", key, size);
        else
                strcpy(out, json_string_value(value));
}

static uint64_t number(Reader *r, json_t *o, const char *key, bool needed, uint64_t max)
{
        json_t *value = json_object_get(o, key);

        if (!value && !needed)
                return 0;
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
                (uint64_t)json_integer_value(value) > max) {
                complain(r, "%s is missing or no number in its range", key);
                return 0;
        }
        return (uint64_t)json_integer_value(value);
}

static bool boolean(Reader *r, json_t *o, const char *key)
{
        json_t *value = json_object_get(o, key);

        if (value && !json_is_boolean(value))
                complain(r, "%s is neither true nor false", key);
        return json_is_true(value);
}

static int name_of(Reader *r, json_t *o, const char *key, int (*from_string)(const char *))
{
        const char *name = json_string_value(json_object_get(o, key));
        int value = name ? from_string(name) : -ENOENT;

        if (value < 0)
                complain(r, "%s is missing or unknown", key);
        return MAX(value, 0);
}

static void hash(Reader *r, json_t *o, const char *key, uint8_t out[SHA256_SIZE])
{
        char hex[SHA256_HEX], again[SHA256_HEX];

        text(r, o, key, true, hex, sizeof hex);
        if (strlen(hex) != SHA256_HEX - 1 || hex_decode(hex, out, SHA256_SIZE) < 0) {
                complain(r, "%s is no SHA-256", key);
                return;
        }
        hex_encode(out, SHA256_SIZE, again);
        if (strcmp(hex, again) != 0)
                complain(r, "%s is not in lower case", key);
}

static int64_t when(Reader *r, json_t *o, const char *key)
{
        char value[TIME_TEXT_SIZE];
        int64_t seconds = 0;

        text(r, o, key, true, value, sizeof value);
        if (time_text_parse(value, &seconds) < 0)
                complain(r, "%s is no time", key);
        return seconds;
}

static void path(Reader *r, json_t *o, const char *key, const char *folder, const char *file,
        const char *suffix)
{
        char have[PART_FILE_MAX + 16], want[PART_FILE_MAX + 16];

        text(r, o, key, true, have, sizeof have);
        snprintf(want, sizeof want, "%s/%s%s", folder, file, suffix);
        if (strcmp(have, want) != 0)
                complain(r, "%s is not %.60s", key, want);
}

/* ---- parts ---- */

static void read_bad(Reader *r, json_t *o, ManifestPart *p)
{
        json_t *list = json_object_get(o, "bad"), *item;
        uint64_t end = 0;
        size_t i;

        if (!list)
                return;
        if (!json_is_array(list) || json_array_size(list) > MANIFEST_BAD_MAX) {
                complain(r, "bad is no list, or too long");
                return;
        }
        p->bad = calloc(MAX(json_array_size(list), (size_t)1), sizeof *p->bad);
        if (!p->bad) {
                complain(r, "out of memory");
                return;
        }
        p->n_bad = json_array_size(list);
        json_array_foreach(list, i, item)
        {
                ManifestBad *b = p->bad + i;

                b->offset = number(r, item, "offset", true, INT64_MAX);
                b->size = number(r, item, "size", true, INT64_MAX);
                b->tries = (unsigned)number(r, item, "tries", false, UINT32_MAX);
                text(r, item, "error", false, b->error, sizeof b->error);
                if (b->offset < end || b->size == 0 || !range_fits(b->offset, b->size, p->size))
                        complain(r, "a bad range is out of order or outside");
                end = b->offset + b->size;
        }
}

static void read_stored(Reader *r, json_t *o, ManifestPart *p)
{
        hash(r, o, "sha256", p->sha256);
        hash(r, o, "index_sha256", p->index_sha256);
        path(r, o, "index", "index", p->file, ".caibx");
        p->plain = json_object_get(o, "plain");
        if (p->plain)
                path(r, o, "plain", "plain", p->file, ".img");
        p->reads = (unsigned)number(r, o, "reads", false, 100);
        p->zero_bytes = number(r, o, "zero_bytes", false, p->size);
        p->ff_bytes = number(r, o, "ff_bytes", false, p->size);
        p->new_bytes = number(r, o, "new_bytes", false, INT64_MAX);
        p->new_stored_bytes = number(r, o, "new_stored_bytes", false, INT64_MAX);
        p->chunks_healed = number(r, o, "healed_chunks", false, INT64_MAX);
        p->same_as_parent = boolean(r, o, "same_as_parent");
        read_bad(r, o, p);
        if ((p->status == PART_BAD_RANGES) != (p->n_bad > 0))
                complain(r, "status and bad ranges do not agree");
}

static void read_part(Reader *r, json_t *o, ManifestPart *p)
{
        text(r, o, "name", true, p->name, sizeof p->name);
        text(r, o, "file", true, p->file, sizeof p->file);
        text(r, o, "region", true, p->region, sizeof p->region);
        p->offset = number(r, o, "offset", true, INT64_MAX);
        p->size = number(r, o, "size", true, INT64_MAX);
        p->class = (PartClass)name_of(r, o, "class", part_class_from_string);
        p->status = (PartStatus)name_of(r, o, "status", part_status_from_string);
        text(r, o, "error", false, p->error, sizeof p->error);
        if (!part_file_valid(p->file))
                complain(r, "file is no valid name");
        if (p->size == 0)
                complain(r, "size is 0");
        if (part_status_stored(p->status))
                read_stored(r, o, p);
}

static size_t region_index(const Manifest *m, const char *name)
{
        size_t i = 0;

        while (i < m->n_regions && strcmp(m->regions[i].name, name) != 0)
                i++;
        return i;
}

static int compare_files(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool files_unique(const Manifest *m)
{
        _cleanup_free_ const char **files = calloc(m->n_parts + 1, sizeof *files);

        if (!files)
                return false;
        for (size_t i = 0; i < m->n_parts; i++)
                files[i] = m->parts[i].file;
        qsort(files, m->n_parts, sizeof *files, compare_files);
        for (size_t i = 1; i < m->n_parts; i++)
                if (strcmp(files[i - 1], files[i]) == 0)
                        return false;
        return true;
}

static void check_places(Reader *r, const Manifest *m)
{
        size_t region = 0;
        uint64_t end = 0;

        for (size_t i = 0; i < m->n_parts; i++) {
                const ManifestPart *p = m->parts + i;
                size_t at = region_index(m, p->region);

                r->where = p->file;
                if (at == m->n_regions) {
                        complain(r, "its region is not listed");
                        return;
                }
                if (at != region)
                        end = 0;
                if (at < region || p->offset < end ||
                        !range_fits(p->offset, p->size, m->regions[at].size))
                        complain(r, "it is out of order or outside its region");
                region = at;
                end = p->offset + p->size;
        }
        r->where = "";
        if (!files_unique(m))
                complain(r, "two parts have the same file");
        for (size_t i = 0; i < m->n_regions; i++) {
                r->where = m->regions[i].name;
                if (m->regions[i].coverage == COVERAGE_ALL &&
                        !manifest_region_tiled(m, m->regions + i))
                        complain(r, "coverage is \"all\", but the parts do not cover it");
        }
        r->where = "";
}

static void read_parts(Reader *r, json_t *root, Manifest *m)
{
        json_t *list = section(r, root, "parts", JSON_ARRAY), *item;
        size_t i;

        if (!list)
                return;
        if (json_array_size(list) > MANIFEST_PARTS_MAX) {
                complain(r, "too many parts");
                return;
        }
        if (manifest_set_parts(m, json_array_size(list)) < 0) {
                complain(r, "out of memory");
                return;
        }
        json_array_foreach(list, i, item)
        {
                r->where = json_string_value(json_object_get(item, "file"));
                r->where = r->where ? r->where : "a part";
                read_part(r, item, m->parts + i);
        }
        r->where = "";
}

/* ---- the rest ---- */

static void read_regions(Reader *r, json_t *root, Manifest *m)
{
        json_t *storage = section(r, root, "storage", JSON_OBJECT);
        json_t *list = section(r, storage, "regions", JSON_ARRAY), *item;
        char type[16];
        size_t i;

        text(r, storage, "type", true, type, sizeof type);
        m->device.storage = (StorageType)MAX(storage_type_from_string(type), 0);
        m->device.block_size = (uint32_t)number(r, storage, "block_size", false, UINT32_MAX);
        if (!list)
                return;
        if (json_array_size(list) > ELEMENTS(m->regions)) {
                complain(r, "too many regions");
                return;
        }
        json_array_foreach(list, i, item)
        {
                ManifestRegion *region = m->regions + i;

                text(r, item, "name", true, region->name, sizeof region->name);
                region->id = (uint32_t)number(r, item, "id", false, UINT32_MAX);
                region->size = number(r, item, "size", true, INT64_MAX);
                region->coverage =
                        (RegionCoverage)name_of(r, item, "coverage", region_coverage_from_string);
                if (region_index(m, region->name) < i)
                        complain(r, "two regions have the same name");
                m->n_regions = i + 1;
        }
}

static void read_checks(Reader *r, json_t *root, Manifest *m)
{
        json_t *list = section(r, root, "checks", JSON_ARRAY), *item;
        size_t i;

        if (!list)
                return;
        if (json_array_size(list) > MANIFEST_CHECKS_MAX ||
                manifest_set_checks(m, json_array_size(list)) < 0) {
                complain(r, "too many checks");
                return;
        }
        json_array_foreach(list, i, item)
        {
                ManifestCheck *check = m->checks + i;

                text(r, item, "name", true, check->name, sizeof check->name);
                text(r, item, "detail", false, check->detail, sizeof check->detail);
                check->result = (CheckResult)name_of(r, item, "result", check_result_from_string);
        }
}

static void read_head(Reader *r, json_t *root, Manifest *m)
{
        json_t *device = section(r, root, "device", JSON_OBJECT);
        json_t *store = section(r, root, "store", JSON_OBJECT);
        json_t *profile = json_object_get(root, "profile");
        json_t *time = section(r, root, "time", JSON_OBJECT);
        json_t *totals = section(r, root, "totals", JSON_OBJECT);

        text(r, root, "id", true, m->id, sizeof m->id);
        text(r, root, "parent", false, m->parent, sizeof m->parent);
        if (!backup_id_valid(m->id) || (m->parent[0] && !backup_id_valid(m->parent)))
                complain(r, "id or parent is no backup id");
        m->seq = number(r, root, "seq", true, UINT32_MAX);
        m->kind = (BackupKind)name_of(r, root, "kind", backup_kind_from_string);
        m->result = (BackupResult)name_of(r, root, "result", backup_result_from_string);
        text(r, root, "label", false, m->label, sizeof m->label);
        m->requested_by = (uint32_t)number(r, root, "requested_by", false, UINT32_MAX);
        text(r, profile, "name", false, m->profile, sizeof m->profile);
        text(r, device, "key", true, m->device.key, sizeof m->device.key);
        text(r, device, "chip", false, m->device.chip, sizeof m->device.chip);
        if (!device_key_valid(m->device.key))
                complain(r, "device key is not valid");
        text(r, store, "id", true, m->store_id, sizeof m->store_id);
        m->start = when(r, time, "start");
        m->end = when(r, time, "end");
        m->elapsed_ms = number(r, time, "elapsed_ms", false, INT64_MAX);
        m->tool.clock_synced = boolean(r, time, "clock_synced");
        m->bytes_read = number(r, totals, "bytes_read", false, INT64_MAX);
}

static void read_root(Reader *r, json_t *root, Manifest *m)
{
        char format[32];

        text(r, root, "format", true, format, sizeof format);
        if (strcmp(format, "mtkbackup-manifest") != 0)
                complain(r, "format is not \"mtkbackup-manifest\"");
        if (number(r, root, "version", true, UINT32_MAX) != MANIFEST_VERSION)
                complain(r, "version is not %d", MANIFEST_VERSION);
        if (r->why[0])
                return;
        read_head(r, root, m);
        read_regions(r, root, m);
        read_parts(r, root, m);
        read_checks(r, root, m);
        if (!r->why[0])
                check_places(r, m);
}

int manifest_parse(const char *json, size_t size, Manifest **ret, char why[MANIFEST_TEXT_MAX])
{
        _cleanup_(manifest_freep) Manifest *m = manifest_new();
        Reader r = { .why = why, .where = "" };
        json_error_t error;
        json_t *root;

        why[0] = 0;
        if (!m)
                return -ENOMEM;
        if (size > MANIFEST_SIZE_MAX) {
                complain(&r, "it is longer than %d bytes", MANIFEST_SIZE_MAX);
                return -EBADMSG;
        }
        root = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
        if (!root) {
                complain(&r, "line %d: %.60s", error.line, error.text);
                return -EBADMSG;
        }
        read_root(&r, root, m);
        json_decref(root);
        if (why[0])
                return -EBADMSG;
        *ret = TAKE_PTR(m);
        return 0;
}
