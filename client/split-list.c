/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/split-list.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "client/error.h"
#include "client/report.h"

static json_t *piece_object(const RomPlan *plan, const RomPiece *q, StorageType storage)
{
        json_t *j = json_object();

        json_object_set_new(j, "name", report_text(q->name));
        report_set_text(j, "file", q->file);
        report_set_text(j, "region", region_name(storage, q->region));
        report_set_number(j, "offset", q->offset);
        report_set_number(j, "size", q->size);
        if (q->present < q->size)
                report_set_number(j, "present", q->present);
        report_set_text(j, "class", part_class_to_string(q->class));
        if (q->overlaps)
                json_object_set_new(j, "overlaps", json_true());
        return j;
}

json_t *split_list_make(const RomPlan *plan, StorageType storage, const char *table)
{
        json_t *j, *regions = json_array(), *parts = json_array();

        if (storage == STORAGE_UNKNOWN)
                storage = STORAGE_EMMC; /* whose names everybody knows */
        for (int k = 0; k < _REGION_MAX; k++) {
                json_t *r;

                if (plan->sizes[k] == 0)
                        continue;
                r = json_object();
                report_set_text(r, "name", region_name(storage, (RegionKind)k));
                report_set_number(r, "size", plan->sizes[k]);
                json_array_append_new(regions, r);
        }
        for (size_t i = 0; i < plan->n_pieces; i++)
                json_array_append_new(parts, piece_object(plan, &plan->pieces[i], storage));
        j = json_object();
        report_set_text(j, "format", "mtkbackup-split");
        report_set_number(j, "version", 1);
        report_set_text(j, "storage", storage_type_to_string(storage));
        report_set_text(j, "table", table);
        json_object_set_new(j, "regions", regions);
        json_object_set_new(j, "parts", parts);
        return j;
}

static int get_number(const json_t *j, const char *key, uint64_t *ret)
{
        const json_t *value = json_object_get(j, key);

        if (!json_is_integer(value) || json_integer_value(value) < 0)
                return -EBADMSG;
        *ret = (uint64_t)json_integer_value(value);
        return 0;
}

static int get_region(const json_t *j, const char *key, RegionKind *ret)
{
        const char *name = json_string_value(json_object_get(j, key));
        StorageType storage;

        return name && region_from_name(name, &storage, ret) == 0 ? 0 : -EBADMSG;
}

static int load_piece(const json_t *j, RomPlan *plan)
{
        const char *name = json_string_value(json_object_get(j, "name"));
        const char *file = json_string_value(json_object_get(j, "file"));
        RomPiece *q = &plan->pieces[plan->n_pieces];

        if (!name || !file || strlen(name) >= sizeof(q->name) || strlen(file) >= sizeof(q->file) ||
                strchr(file, '/') || file[0] == '.' || file[0] == 0)
                return -EBADMSG;
        strcpy(q->name, name);
        strcpy(q->file, file);
        if (get_region(j, "region", &q->region) < 0 || get_number(j, "offset", &q->offset) < 0 ||
                get_number(j, "size", &q->size) < 0)
                return -EBADMSG;
        q->present = q->size;
        if (json_object_get(j, "present") && get_number(j, "present", &q->present) < 0)
                return -EBADMSG;
        if (q->size > INT64_MAX - q->offset || q->present > q->size)
                return -EBADMSG;
        plan->n_pieces++;
        return 0;
}

static int load(const json_t *j, RomPlan **ret, StorageType *ret_storage)
{
        _cleanup_(rom_plan_freep) RomPlan *plan = calloc(1, sizeof(*plan));
        const char *format = json_string_value(json_object_get(j, "format"));
        const char *storage = json_string_value(json_object_get(j, "storage"));
        json_t *regions = json_object_get(j, "regions"), *parts = json_object_get(j, "parts");
        json_t *value;
        size_t i;
        int kind;

        if (!plan)
                return -ENOMEM;
        if (!format || strcmp(format, "mtkbackup-split") != 0 ||
                json_integer_value(json_object_get(j, "version")) != 1)
                return -EBADMSG;
        kind = storage ? storage_type_from_string(storage) : -1;
        *ret_storage = kind < 0 ? STORAGE_EMMC : (StorageType)kind;
        json_array_foreach(regions, i, value)
        {
                RegionKind region;

                if (get_region(value, "name", &region) < 0 ||
                        get_number(value, "size", &plan->sizes[region]) < 0)
                        return -EBADMSG;
        }
        plan->pieces = calloc(MAX(json_array_size(parts), 1U), sizeof(*plan->pieces));
        if (!plan->pieces)
                return -ENOMEM;
        json_array_foreach(parts, i, value)
        {
                int r = load_piece(value, plan);

                if (r < 0)
                        return r;
        }
        rom_plan_sort(plan);
        *ret = TAKE_PTR(plan);
        return 0;
}

int split_list_load(const char *folder, RomPlan **ret, StorageType *ret_storage)
{
        _cleanup_close_ int dir = open(folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ json_t *j = NULL;
        json_error_t error;
        size_t size;
        int r;

        if (dir < 0)
                return error_file(-errno, folder);
        r = file_read_at(dir, SPLIT_LIST, SPLIT_LIST_MAX, &text, &size);
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE,
                        "%s has no " SPLIT_LIST ", so nobody knows how its files belong together; "
                        "--table names a file with the table",
                        folder);
        if (r < 0)
                return error_file(r, folder);
        j = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (!j)
                return error_fail(ERROR_INVALID_FILE, "%s/" SPLIT_LIST ", line %d: %s", folder,
                        error.line, error.text);
        r = load(j, ret, ret_storage);
        if (r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE,
                        "%s/" SPLIT_LIST " is not what “mtkbackupctl split” writes", folder);
        return r < 0 ? error_errno(r, "cannot read %s/" SPLIT_LIST, folder) : 0;
}
