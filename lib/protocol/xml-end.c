/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The last byte of an area, on builds that refuse every read which touches it.
 *
 * READ-PARTITION of such a build knows names of its own: "preloader" and "preloader_backup" are the
 * whole boot areas, "sgpt" the last sectors of USER. Everything but the last byte is read in the
 * ordinary way; the last byte is taken from there, and only when the bytes in front of it are the
 * same in both: a name that meant something else would otherwise put a foreign byte at the end of a
 * backup. */

#include <errno.h>
#include <string.h>

#include "protocol/fault.h"
#include "protocol/xml-info.h"
#include "protocol/xml-private.h"

enum { TAIL = 4096, TAIL_SOURCE_MAX = 64 * 1024 * 1024 };

/* The last bytes of what goes by. */
typedef struct Tail {
        uint8_t data[TAIL];
        uint64_t total;
} Tail;

static int keep_tail(void *userdata, const uint8_t *data, size_t size)
{
        Tail *t = userdata;
        size_t n = MIN(size, sizeof t->data);

        if (size > TAIL_SOURCE_MAX || t->total > TAIL_SOURCE_MAX)
                return -EFBIG;
        memmove(t->data, t->data + n, sizeof t->data - n);
        memcpy(t->data + sizeof t->data - n, data + size - n, n);
        t->total += size;
        return 0;
}

bool xml_end_was_refused(const DaXml *x)
{
        return strcasestr(x->link.message, "larger than partition max size") != NULL;
}

static int cannot(const Region *region, const char *why, Failure *f)
{
        return failure_set(f, -EREMOTEIO, ERROR_OUT_OF_RANGE,
                "The download agent does not give the last byte of %s: %s.",
                xml_section(STORAGE_EMMC, region->kind) ?: "this area", why);
}

static int read_by_name(DaXml *x, const Region *region, Tail *tail, Failure *f)
{
        const char *name = xml_end_name(region->kind);
        char arguments[160];
        XmlCommand command = {
                .name = "READ-PARTITION",
                .arguments = arguments,
                .sink = keep_tail,
                .userdata = tail,
                .expect = UINT64_MAX,
        };
        int r;

        if (!name)
                return cannot(region, "it has no name for it", f);
        snprintf(arguments, sizeof arguments,
                "<partition>%s</partition><target_file>end.bin</target_file>", name);
        r = xml_command(&x->link, &command, f);
        if (r == -EFBIG)
                return cannot(region, "what it gives does not end", f);
        if (r < 0)
                return r;
        return r == XML_RESULT_OK ? 0 : cannot(region, x->link.message, f);
}

static int read_before_end(DaXml *x, const Region *region, uint64_t size, Tail *tail, Failure *f)
{
        int r = xml_read_flash(x, region, region->size - size, size - 1, keep_tail, tail, f);

        if (r < 0)
                return r;
        return r == XML_RESULT_OK ? 0 : cannot(region, x->link.message, f);
}

int xml_read_to_end(
        DaXml *x, const Region *region, uint64_t offset, DaSink sink, void *userdata, Failure *f)
{
        Tail named = {}, plain = {};
        uint64_t both;
        int r;

        r = read_by_name(x, region, &named, f);
        if (r < 0)
                return r;
        both = MIN(named.total, (uint64_t)TAIL);
        if (both < 2 || both > region->size ||
                (region->kind != REGION_USER && named.total != region->size))
                return cannot(region, "what it gives has another size", f);
        r = read_before_end(x, region, both, &plain, f);
        if (r < 0)
                return r;
        if (memcmp(named.data + TAIL - both, plain.data + TAIL - (both - 1), both - 1) != 0)
                return cannot(region, "the two ways to read its end differ", f);
        if (region->size - offset > 1) {
                r = xml_read_flash(x, region, offset, region->size - offset - 1, sink, userdata, f);
                if (r < 0)
                        return r;
                if (r != XML_RESULT_OK)
                        return xml_refused(&x->link, "reading", f);
        }
        return sink(userdata, named.data + TAIL - 1, 1);
}
