/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/da-agent.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/digest.h"
#include "basic/fd.h"

DaAgent *da_agent_free(DaAgent *a)
{
        if (a) {
                free(a->stage1.data);
                free(a->stage2.data);
                free(a->extra.data);
                free(a);
        }
        return NULL;
}

bool da_stages_paired(const uint8_t *stage1, size_t size1, const uint8_t *stage2, size_t size2)
{
        static const DigestKind kinds[] = { DIGEST_SHA256, DIGEST_SHA1 };
        uint8_t sum[DIGEST_SIZE_MAX];

        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                digest_of(kinds[i], stage2, size2, sum);
                if (memmem(stage1, size1, sum, digest_size(kinds[i])))
                        return true;
        }
        return false;
}

static int unreadable(Failure *f, int r)
{
        failure_set(
                f, r, ERROR_INVALID_FILE, "The download agent cannot be read: %s.", strerror(-r));
        return r;
}

static int read_container(int fd, DaContainer **ret, Failure *f)
{
        _cleanup_free_ uint8_t *head = NULL;
        struct stat st;
        size_t size;
        int r;

        if (fstat(fd, &st) < 0)
                return unreadable(f, -errno);
        if (!S_ISREG(st.st_mode))
                return unreadable(f, -EINVAL);
        size = (size_t)MIN(st.st_size, DA_HEAD_MAX);
        head = malloc(MAX(size, 1U));
        if (!head)
                return -ENOMEM;
        r = fd_pread_full(fd, head, size, 0);
        if (r < 0)
                return unreadable(f, r);
        return da_container_parse(head, size, (uint64_t)st.st_size, ret, f);
}

static int read_image(int fd, const DaRegion *region, DaImage *ret, Failure *f)
{
        int r;

        if (region->size == 0)
                return 0;
        ret->data = malloc(region->size);
        if (!ret->data)
                return -ENOMEM;
        r = fd_pread_full(fd, ret->data, region->size, region->offset);
        if (r < 0)
                return unreadable(f, r);
        ret->size = region->size;
        ret->sig_size = region->sig_size;
        ret->address = region->address;
        return 0;
}

int da_agent_load(int fd, const Chip *chip, uint16_t hw_code, uint16_t hw_ver, uint16_t sw_ver,
        DaAgent **ret, Failure *f)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        _cleanup_(da_agent_freep) DaAgent *a = NULL;
        const DaEntry *e;
        bool guess;
        int r;

        r = read_container(fd, &c, f);
        if (r < 0)
                return r;
        e = da_container_choose(c, chip, hw_code, hw_ver, sw_ver, &guess);
        if (!e) {
                failure_set(f, -ENOENT, ERROR_NO_DOWNLOAD_AGENT,
                        "The download agent file (%s) holds nothing for %s (hardware code %04X).",
                        c->description, chip ? chip->name : "this chip", hw_code);
                failure_hint(f, "Import another one: mtkbackupctl agents import FILE.");
                return -ENOENT;
        }
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        a->entry = *e;
        r = chip ? (int)da_container_family(c, chip) : da_entry_family(c, e);
        a->family = r < 0 ? _DA_FAMILY_MAX : (DaFamily)r;
        a->guess = guess;
        memcpy(a->description, c->description, sizeof(a->description));
        r = read_image(fd, &e->stage1, &a->stage1, f);
        if (r >= 0)
                r = read_image(fd, &e->stage2, &a->stage2, f);
        if (r >= 0 && e->stage2.size == 0 && e->n_regions == 3)
                r = read_image(fd, &e->regions[2], &a->extra, f);
        if (r < 0)
                return r;
        a->paired = a->stage2.size == 0 ||
                da_stages_paired(a->stage1.data, a->stage1.size, a->stage2.data,
                        a->stage2.size - a->stage2.sig_size);
        *ret = TAKE_PTR(a);
        return 0;
}
