/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/address.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const Partition *find_first_of(const Layout *l, const char *a, const char *b)
{
        const Partition *p = layout_find(l, a);
        return p ?: layout_find(l, b);
}

/* Tools that make scatter files without knowing better leave every physical address zero. */
static bool physical_is_missing(const Layout *l)
{
        const Partition *first = NULL;
        bool differs = false;

        for (size_t i = 0; i < l->n_parts; i++) {
                const Partition *p = l->parts + i;
                if (p->region != REGION_USER)
                        continue;
                if (address_is_from_end(p->physical_address))
                        continue;
                if (p->physical_address != 0)
                        return false;
                if (address_is_from_end(p->linear_address))
                        continue;
                if (!first)
                        first = p;
                differs |= p->linear_address != first->linear_address;
        }
        return differs;
}

/* linear address at which the user area starts */
static uint64_t linear_base(Layout *l)
{
        const Partition *p = find_first_of(l, "mbr", "pgpt");

        for (size_t i = 0; !p && i < l->n_parts; i++)
                if (l->parts[i].region == REGION_USER) {
                        p = l->parts + i;
                        layout_problem(l, p->line,
                                "no physical addresses and neither MBR nor pgpt: %s is taken for "
                                "the start of the user area",
                                p->name);
                }
        return p ? p->linear_address : 0;
}

/* The address that counts for a part, or false when there is none. */
static bool effective_address(Layout *l, Partition *p, bool by_linear, uint64_t base, uint64_t *ret)
{
        *ret = p->physical_address;
        if (by_linear && p->region == REGION_USER && !address_is_from_end(*ret)) {
                *ret = p->linear_address;
                if (!address_is_from_end(*ret)) {
                        if (*ret < base) {
                                layout_problem(l, p->line, "%s lies before the user area", p->name);
                                return false;
                        }
                        *ret -= base;
                }
        }
        /* a phone's own listing shows the magic number with something subtracted */
        if (strcasecmp(p->name, "bmtpool") == 0 && *ret >= 0xfe000000 && *ret < 0xffff0000) {
                layout_problem(l, p->line,
                        "address 0x%" PRIx64 " of %s is taken as 0xffff%04" PRIx64, *ret, p->name,
                        *ret & 0xffff);
                *ret = 0xffff0000 | (*ret & 0xffff);
        }
        return true;
}

/* sgpt tells which of two ways of counting the file uses: 0xffff0000 itself means that the others
 * count from the start of sgpt. */
static uint64_t end_anchor(const Layout *l, uint64_t area_size)
{
        const Partition *sgpt = layout_find(l, "sgpt");

        if (sgpt && sgpt->physical_address == 0xffff0000 && sgpt->size <= area_size)
                return area_size - sgpt->size;
        return area_size;
}

static void place_from_end(Layout *l, Partition *p, uint64_t address)
{
        const Region *r = layout_region(l, p->region);

        p->from_end = true;
        p->unplaced = true;
        p->end_blocks = (uint32_t)address & 0xffff;
        if (p->end_blocks == 0 && strcasecmp(p->name, "sgpt") != 0) {
                layout_problem(l, p->line, "%s is said to start 0 blocks before the end", p->name);
                return;
        }
        if (!r || r->size == 0 || l->block_size == 0)
                return;
        uint64_t anchor = end_anchor(l, r->size), back = (uint64_t)p->end_blocks * l->block_size;
        if (back > anchor) {
                layout_problem(l, p->line, "%s would start before the start of the area", p->name);
                return;
        }
        p->offset = anchor - back;
        p->unplaced = false;
}

void layout_place(Layout *l)
{
        bool by_linear = physical_is_missing(l);
        uint64_t base = by_linear ? linear_base(l) : 0;

        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = l->parts + i;
                uint64_t address;
                p->from_end = false;
                p->end_blocks = 0;
                p->unplaced = !effective_address(l, p, by_linear, base, &address);
                p->offset = 0;
                if (p->unplaced)
                        continue;
                if (address_is_from_end(address))
                        place_from_end(l, p, address);
                else
                        p->offset = address;
        }
        if (by_linear)
                layout_problem(l, 0, "physical addresses are missing, linear ones are used");
}

void layout_address(Layout *l, uint64_t user_start)
{
        const Region *user = layout_region(l, REGION_USER);
        const Partition *sgpt = layout_find(l, "sgpt");
        uint64_t area = user ? user->size : 0, anchor = area;
        bool countable = area > 0 && l->block_size > 0;

        /* an sgpt that is no whole number of blocks from the end: the newer way of counting */
        if (countable && sgpt && (area - sgpt->offset) % l->block_size != 0)
                anchor = sgpt->offset;
        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = l->parts + i;
                uint64_t back = anchor - p->offset;
                p->linear_address = p->physical_address = p->offset;
                if (p->region != REGION_USER)
                        continue;
                p->from_end = countable && p->is_reserved && p->offset <= anchor &&
                        back % l->block_size == 0 && back / l->block_size <= 0xffff &&
                        (back > 0 || p == sgpt);
                if (p->from_end) {
                        p->end_blocks = (uint32_t)(back / l->block_size);
                        p->linear_address = p->physical_address = 0xffff0000 | p->end_blocks;
                        continue;
                }
                p->linear_address += user_start;
                if (address_is_from_end(p->physical_address) ||
                        address_is_from_end(p->linear_address))
                        layout_problem(l, p->line,
                                "%s lies where a scatter file cannot say it: 0x%" PRIx64
                                " means something else there",
                                p->name, p->offset);
        }
}
