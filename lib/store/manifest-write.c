/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From a Manifest to manifest.json: keys sorted, integers only, hashes in lower-case hexadecimal,
 * 64-bit masks and device codes as "0x…" text. What is not known is left out. */

#include "store/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <zstd.h>

#include "basic/bytes.h"
#include "store/chunk.h"
#include "store/time-text.h"
#include "store/tool-commit.h"

/* An object or list under construction. The first thing that goes wrong (memory, text that is not
 * UTF-8) makes it bad; it is asked once, at the end. */
typedef struct Writer {
        bool bad;
} Writer;

static void put(Writer *w, json_t *object, const char *key, json_t *value)
{
        if (!value || json_object_set_new(object, key, value) < 0)
                w->bad = true;
}

static void put_item(Writer *w, json_t *list, json_t *value)
{
        if (!value || json_array_append_new(list, value) < 0)
                w->bad = true;
}

static void put_text(Writer *w, json_t *object, const char *key, const char *text)
{
        if (text && text[0])
                put(w, object, key, json_string(text));
}

static void put_number(Writer *w, json_t *object, const char *key, uint64_t value)
{
        if (value > INT64_MAX)
                w->bad = true;
        else
                put(w, object, key, json_integer((json_int_t)value));
}

static void put_bool(Writer *w, json_t *object, const char *key, bool value)
{
        put(w, object, key, json_boolean(value));
}

static void put_code(Writer *w, json_t *object, const char *key, int digits, uint64_t value)
{
        char text[24];

        snprintf(text, sizeof text, "0x%0*" PRIx64, digits, value);
        put_text(w, object, key, text);
}

static void put_hex(Writer *w, json_t *object, const char *key, const uint8_t *data, size_t n)
{
        char text[2 * 64 + 1];

        if (n == 0 || n > 64)
                return;
        hex_encode(data, n, text);
        put_text(w, object, key, text);
}

/* The first three fields of a GUID are little endian on disk. */
static void put_guid(Writer *w, json_t *object, const char *key, const uint8_t guid[16])
{
        char text[40], rest[17];

        hex_encode(guid + 8, 8, rest);
        snprintf(text, sizeof text, "%08x-%04x-%04x-%.4s-%s", get_le32(guid), get_le16(guid + 4),
                get_le16(guid + 6), rest, rest + 4);
        put_text(w, object, key, text);
}

static void put_time(Writer *w, json_t *object, const char *key, int64_t seconds)
{
        char text[TIME_TEXT_SIZE];

        time_text_format(seconds, text);
        put_text(w, object, key, text);
}

/* ---- sections ---- */

static json_t *write_device(Writer *w, const ManifestDevice *d)
{
        json_t *o = json_object(), *from = json_array(), *security = json_object();
        const DeviceIds *ids = &d->ids;

        put_text(w, o, "key", d->key);
        if (ids->n_soc_id > 0)
                put_item(w, from, json_string("soc_id"));
        else if (ids->n_me_id > 0)
                put_item(w, from, json_string("me_id"));
        if (ids->n_cid > 0)
                put_item(w, from, json_string("cid"));
        put(w, o, "key_from", from);
        put_text(w, o, "chip", d->chip);
        put_code(w, o, "hw_code", 4, ids->hw_code);
        put_code(w, o, "hw_sub_code", 4, d->hw_sub_code);
        put_code(w, o, "hw_version", 4, d->hw_version);
        put_code(w, o, "sw_version", 4, d->sw_version);
        put_hex(w, o, "me_id", ids->me_id, ids->n_me_id);
        put_hex(w, o, "soc_id", ids->soc_id, ids->n_soc_id);
        put_text(w, o, "boot_mode", d->boot_mode);
        put_text(w, o, "usb_path", d->usb_path);
        if (d->battery_mv > 0)
                put_number(w, o, "battery", d->battery_mv);
        /* boot protocol: bits of the target configuration */
        put_bool(w, security, "sbc", d->target_config & 1);
        put_bool(w, security, "sla", d->target_config & 2);
        put_bool(w, security, "daa", d->target_config & 4);
        if (d->has_security)
                put(w, o, "security", security);
        else
                json_decref(security);
        return o;
}

static json_t *write_storage(Writer *w, const Manifest *m)
{
        const ManifestDevice *d = &m->device;
        json_t *o = json_object(), *regions = json_array();

        put_text(w, o, "type", storage_type_to_string(d->storage));
        put_hex(w, o, "cid", d->ids.cid, d->ids.n_cid);
        put_hex(w, o, "fw_version", d->fw_version, d->n_fw_version);
        if (d->block_size > 0)
                put_number(w, o, "block_size", d->block_size);
        if (d->page_size > 0) {
                put_number(w, o, "page_size", d->page_size);
                put_number(w, o, "spare_size", d->spare_size);
        }
        for (size_t i = 0; i < m->n_regions; i++) {
                const ManifestRegion *r = m->regions + i;
                json_t *item = json_object();

                put_text(w, item, "name", r->name);
                put_number(w, item, "id", r->id);
                put_number(w, item, "size", r->size);
                put_text(w, item, "coverage", region_coverage_to_string(r->coverage));
                put_item(w, regions, item);
        }
        put(w, o, "regions", regions);
        return o;
}

static json_t *write_ptable(Writer *w, const ManifestDevice *d)
{
        json_t *o = json_object();

        put_text(w, o, "kind", d->ptable[0] ? d->ptable : "none");
        if (d->has_disk_guid)
                put_guid(w, o, "disk_guid", d->disk_guid);
        if (d->ptable_checked) {
                put_bool(w, o, "primary_ok", d->primary_ok);
                put_bool(w, o, "backup_ok", d->backup_ok);
                put_bool(w, o, "equal", d->tables_equal);
        }
        return o;
}

static json_t *write_bad(Writer *w, const ManifestPart *p)
{
        json_t *list = json_array();

        for (size_t i = 0; i < p->n_bad; i++) {
                json_t *item = json_object();

                put_number(w, item, "offset", p->bad[i].offset);
                put_number(w, item, "size", p->bad[i].size);
                put_text(w, item, "status", "-");
                put_number(w, item, "tries", p->bad[i].tries);
                put_text(w, item, "error", p->bad[i].error);
                put_item(w, list, item);
        }
        return list;
}

static json_t *write_part(Writer *w, const ManifestPart *p)
{
        char path[PART_FILE_MAX + 16];
        json_t *o = json_object();

        put(w, o, "name", json_string(p->name));
        put_text(w, o, "file", p->file);
        put_text(w, o, "region", p->region);
        put_number(w, o, "offset", p->offset);
        put_number(w, o, "size", p->size);
        put_text(w, o, "class", part_class_to_string(p->class));
        if (p->has_guid) {
                put_guid(w, o, "type_guid", p->type_guid);
                put_guid(w, o, "unique_guid", p->unique_guid);
                put_code(w, o, "attrs", 16, p->attrs);
        }
        put_text(w, o, "status", part_status_to_string(p->status));
        put_text(w, o, "error", p->error);
        if (!part_status_stored(p->status))
                return o;

        put_hex(w, o, "sha256", p->sha256, SHA256_SIZE);
        snprintf(path, sizeof path, "index/%s.caibx", p->file);
        put_text(w, o, "index", path);
        put_hex(w, o, "index_sha256", p->index_sha256, SHA256_SIZE);
        snprintf(path, sizeof path, "plain/%s.img", p->file);
        if (p->plain)
                put_text(w, o, "plain", path);
        put_number(w, o, "reads", p->reads);
        put_number(w, o, "zero_bytes", p->zero_bytes);
        put_number(w, o, "ff_bytes", p->ff_bytes);
        put_number(w, o, "new_bytes", p->new_bytes);
        put_number(w, o, "new_stored_bytes", p->new_stored_bytes);
        put_number(w, o, "healed_chunks", p->chunks_healed);
        put_bool(w, o, "same_as_parent", p->same_as_parent);
        put(w, o, "bad", write_bad(w, p));
        return o;
}

static json_t *write_checks(Writer *w, const Manifest *m)
{
        json_t *list = json_array();

        for (size_t i = 0; i < m->n_checks; i++) {
                json_t *item = json_object();

                put_text(w, item, "name", m->checks[i].name);
                put_text(w, item, "result", check_result_to_string(m->checks[i].result));
                put_text(w, item, "detail", m->checks[i].detail);
                put_item(w, list, item);
        }
        return list;
}

static json_t *write_tool(Writer *w, const Manifest *m)
{
        json_t *o = json_object(), *da = json_object(), *libs = json_object();

        put_text(w, o, "name", "mtkbackup");
        put_text(w, o, "version", VERSION);
        put_text(w, o, "commit", COMMIT);
        put_text(w, o, "kernel", m->tool.kernel);
        put_text(w, o, "host", m->tool.host);
        put_text(w, da, "file", m->device.agent_name);
        put_text(w, da, "sha256", m->device.agent_sha256);
        put_text(w, da, "version", m->device.agent_version);
        put(w, o, "da", da);
        put_text(w, libs, "zstd", ZSTD_versionString());
        put_text(w, libs, "openssl", digest_library());
        put_text(w, libs, "jansson", jansson_version_str());
        put_text(w, libs, "libusb", m->tool.libusb);
        put(w, o, "libs", libs);
        return o;
}

static json_t *write_time(Writer *w, const Manifest *m)
{
        json_t *o = json_object(), *sessions = json_array(), *session = json_object();

        put_time(w, o, "start", m->start);
        put_time(w, o, "end", m->end);
        put_bool(w, o, "clock_synced", m->tool.clock_synced);
        put_number(w, o, "elapsed_ms", m->elapsed_ms);
        put_time(w, session, "start", m->start);
        put_time(w, session, "end", m->end);
        put_text(w, session, "end_reason", "done");
        put_number(w, session, "bytes_read", m->bytes_read);
        put_item(w, sessions, session);
        put(w, o, "sessions", sessions);
        return o;
}

static json_t *write_totals(Writer *w, const Manifest *m)
{
        json_t *o = json_object();
        ManifestTotals t;

        manifest_totals(m, &t);
        put_number(w, o, "bytes_read", m->bytes_read);
        put_number(w, o, "zero_bytes", t.zero_bytes);
        put_number(w, o, "chunks", t.chunks);
        put_number(w, o, "chunks_new", t.chunks_new);
        put_number(w, o, "chunks_reused", t.chunks_reused);
        put_number(w, o, "chunks_healed", t.chunks_healed);
        put_number(w, o, "stored_bytes_new", t.stored_bytes_new);
        put_number(w, o, "bad_bytes", t.bad_bytes);
        return o;
}

static json_t *write_named(
        Writer *w, const char *a, const char *a_text, const char *b, const char *b_text)
{
        json_t *o = json_object();

        put_text(w, o, a, a_text);
        put_text(w, o, b, b_text);
        return o;
}

int manifest_write(const Manifest *m, char **ret, size_t *ret_size)
{
        json_t *root = json_object(), *parts = json_array(), *store;
        Writer w = {};

        put_text(&w, root, "format", "mtkbackup-manifest");
        put_number(&w, root, "version", MANIFEST_VERSION);
        put_text(&w, root, "id", m->id);
        put_number(&w, root, "seq", m->seq);
        put_text(&w, root, "parent", m->parent);
        put_text(&w, root, "kind", backup_kind_to_string(m->kind));
        put_text(&w, root, "result", backup_result_to_string(m->result));
        put_text(&w, root, "consistency", "one-session");
        put_text(&w, root, "label", m->label);
        put_number(&w, root, "requested_by", m->requested_by);
        put(&w, root, "profile", write_named(&w, "name", m->profile, "sha256", m->profile_sha256));
        put(&w, root, "device", write_device(&w, &m->device));
        put(&w, root, "storage", write_storage(&w, m));
        put(&w, root, "ptable", write_ptable(&w, &m->device));
        store = write_named(&w, "id", m->store_id, "digest", "sha256");
        put_number(&w, store, "chunk_size", CHUNK_SIZE);
        put(&w, root, "store", store);
        for (size_t i = 0; i < m->n_parts; i++)
                put_item(&w, parts, write_part(&w, m->parts + i));
        put(&w, root, "parts", parts);
        put(&w, root, "checks", write_checks(&w, m));
        put(&w, root, "tool", write_tool(&w, m));
        put(&w, root, "time", write_time(&w, m));
        put(&w, root, "totals", write_totals(&w, m));

        *ret = w.bad ? NULL : json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);
        json_decref(root);
        if (!*ret)
                return w.bad ? -EINVAL : -ENOMEM;
        *ret_size = strlen(*ret);
        return 0;
}
