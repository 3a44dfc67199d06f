/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gen-flash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "basic/fd.h"

const char *const gpt_kind_names[_GPT_MAX] = {
        [GPT_GOOD] = "good",
        [GPT_PRIMARY_BROKEN] = "primary-broken",
        [GPT_BACKUP_BROKEN] = "backup-broken",
        [GPT_BOTH_BROKEN] = "both-broken",
        [GPT_DIFFERENT] = "different",
        [GPT_OVERLAP] = "overlap",
        [GPT_BEYOND] = "beyond",
        [GPT_NONE] = "none",
        [GPT_PMT] = "pmt",
        [GPT_MBR] = "mbr",
};

typedef enum Contents {
        ZEROS,  /* a hole */
        ERASED, /* FF */
        TEXT,   /* lines that say where they stand */
        RANDOM,
        EXT4,        /* superblock, a quarter of the blocks used */
        SPARSE_EXT4, /* the same, one block in 32 used */
        BOOT_IMAGE,
        MTK_IMAGE,
} Contents;

typedef struct Part {
        const char *name; /* NULL: a gap */
        uint32_t kib;     /* with USER of 512 MiB; 0: what is left */
        Contents contents;
        bool changes; /* with the generation */
} Part;

static const Part parts[] = {
        { "proinfo", 3072, TEXT },
        { "nvram", 5120, RANDOM },
        { "nvdata", 8192, EXT4, true },
        { "nvcfg", 8192, SPARSE_EXT4 },
        { "protect1", 8192, SPARSE_EXT4 },
        { "protect2", 8192, SPARSE_EXT4 },
        { "seccfg", 256, TEXT },
        { NULL, 768, RANDOM },
        { "persist", 16384, SPARSE_EXT4 },
        { "para", 512, ERASED },
        { "boot_para", 1024, ZEROS },
        { "lk", 1024, MTK_IMAGE },
        { "lk2", 1024, MTK_IMAGE },
        { "boot", 16384, BOOT_IMAGE },
        { "recovery", 16384, BOOT_IMAGE },
        { "logo", 8192, MTK_IMAGE },
        { NULL, 1024, ZEROS },
        { "expdb", 10240, TEXT, true },
        { "frp", 1024, ZEROS },
        { "md1img", 32768, MTK_IMAGE },
        { "tee1", 5120, MTK_IMAGE },
        { "tee2", 5120, MTK_IMAGE },
        { "metadata", 8192, SPARSE_EXT4 },
        { "vendor", 65536, EXT4 },
        { "system", 131072, EXT4 },
        { NULL, 2048, ERASED },
        { "cache", 32768, SPARSE_EXT4, true },
        { "userdata", 0, SPARSE_EXT4, true },
        { "flashinfo", 16384, TEXT },
};
enum { PARTS = ELEMENTS(parts), GPT_ENTRIES = 128, GPT_ENTRY = 128, TABLE_GAP = 512 * 1024 };

/* ---- bytes from a seed ---- */

typedef struct Rng {
        uint64_t state;
} Rng;

static Rng rng_make(uint64_t seed, const char *name)
{
        uint64_t h = seed * 0x9e3779b97f4a7c15 + 0x1234567;
        for (const char *c = name; *c; c++)
                h = (h ^ (uint8_t)*c) * 0x100000001b3;
        return (Rng){ h | 1 };
}

static uint64_t rng_next(Rng *r)
{
        r->state ^= r->state << 13;
        r->state ^= r->state >> 7;
        r->state ^= r->state << 17;
        return r->state * 0x2545f4914f6cdd1d;
}

static void rng_fill(Rng *r, uint8_t *data, size_t size)
{
        for (size_t i = 0; i < size; i += 8) {
                uint64_t v = rng_next(r);
                memcpy(data + i, &v, MIN(size - i, sizeof(v)));
        }
}

/* ---- contents ---- */

enum { BLOCK = 4096, STEP = 256 * 1024 };

typedef struct Area {
        int fd;
        uint8_t step[STEP];
} Area;

static int fill_text(Area *a, const Part *p, uint64_t offset, uint64_t size, Rng *r)
{
        uint64_t tag = rng_next(r);
        for (uint64_t pos = 0; pos < size; pos += STEP) {
                size_t n = (size_t)MIN(size - pos, (uint64_t)STEP);
                memset(a->step, ' ', sizeof(a->step));
                for (size_t i = 0; i + 64 <= n; i += 64)
                        snprintf((char *)a->step + i, 64, "%s %016llx %016llx simulated\n",
                                p->name ?: "gap", (unsigned long long)tag,
                                (unsigned long long)(pos + i));
                int k = fd_pwrite_full(a->fd, a->step, n, offset + pos);
                if (k < 0)
                        return k;
        }
        return 0;
}

static int fill_random(Area *a, uint64_t offset, uint64_t size, Rng *r)
{
        for (uint64_t pos = 0; pos < size; pos += STEP) {
                size_t n = (size_t)MIN(size - pos, (uint64_t)STEP);
                rng_fill(r, a->step, n);
                int k = fd_pwrite_full(a->fd, a->step, n, offset + pos);
                if (k < 0)
                        return k;
        }
        return 0;
}

static int fill_erased(Area *a, uint64_t offset, uint64_t size)
{
        memset(a->step, 0xff, sizeof(a->step));
        for (uint64_t pos = 0; pos < size; pos += STEP) {
                int k = fd_pwrite_full(
                        a->fd, a->step, (size_t)MIN(size - pos, (uint64_t)STEP), offset + pos);
                if (k < 0)
                        return k;
        }
        return 0;
}

static int fill_ext4(Area *a, uint64_t offset, uint64_t size, Rng *r, unsigned one_in)
{
        uint8_t super[1024] = {};
        put_le32(super + 0x00, (uint32_t)(size / BLOCK / 4));
        put_le32(super + 0x04, (uint32_t)(size / BLOCK));
        put_le32(super + 0x18, 2); /* 4 KiB blocks */
        put_le32(super + 0x20, 32768);
        put_le16(super + 0x38, 0xef53);
        put_le16(super + 0x3a, 1);
        put_le32(super + 0x4c, 1);
        rng_fill(r, super + 0x68, 16);
        int k = fd_pwrite_full(a->fd, super, sizeof(super), offset + 1024);
        for (uint64_t pos = BLOCK; !k && pos + BLOCK <= size; pos += BLOCK) {
                if (rng_next(r) % one_in)
                        continue;
                /* half of a used block compresses */
                rng_fill(r, a->step, BLOCK / 2);
                memset(a->step + BLOCK / 2, (int)(pos >> 12 & 0xff), BLOCK / 2);
                k = fd_pwrite_full(a->fd, a->step, BLOCK, offset + pos);
        }
        return k;
}

static int fill_boot_image(Area *a, uint64_t offset, uint64_t size, Rng *r)
{
        uint8_t h[2048] = "ANDROID!";
        uint32_t kernel = (uint32_t)(size / 4), ramdisk = (uint32_t)(size / 16);
        put_le32(h + 8, kernel);
        put_le32(h + 12, 0x40080000);
        put_le32(h + 16, ramdisk);
        put_le32(h + 20, 0x55000000);
        put_le32(h + 36, sizeof(h));
        memcpy(h + 64, "bootopt=64S3,32N2,64N2 simulated", 32);
        int k = fd_pwrite_full(a->fd, h, sizeof(h), offset);
        return k < 0 ? k : fill_random(a, offset + sizeof(h), kernel + ramdisk, r);
}

static int fill_mtk_image(Area *a, const Part *p, uint64_t offset, uint64_t size, Rng *r)
{
        uint8_t h[512];
        uint32_t body = (uint32_t)(size / 3);
        memset(h, 0xff, sizeof(h));
        put_le32(h, 0x58881688);
        put_le32(h + 4, body);
        memset(h + 8, 0, 32);
        memcpy(h + 8, p->name, strlen(p->name));
        put_le32(h + 40, 0xffffffff);
        int k = fd_pwrite_full(a->fd, h, sizeof(h), offset);
        return k < 0 ? k : fill_random(a, offset + sizeof(h), body, r);
}

static int fill_part(
        Area *a, const FlashSpec *s, const Part *p, size_t i, uint64_t offset, uint64_t size)
{
        char name[64];
        snprintf(name, sizeof(name), "%s %zu %llu", p->name ?: "gap", i,
                (unsigned long long)(p->changes ? s->generation : 0));
        Rng r = rng_make(s->seed, name);
        switch (p->contents) {
        case ZEROS: return 0;
        case ERASED: return fill_erased(a, offset, size);
        case TEXT: return fill_text(a, p, offset, size, &r);
        case RANDOM: return fill_random(a, offset, size, &r);
        case EXT4: return fill_ext4(a, offset, size, &r, 4);
        /* a huge userdata stays cheap: at most 2048 blocks */
        case SPARSE_EXT4: return fill_ext4(a, offset, MIN(size, 256 * MiB), &r, 32);
        case BOOT_IMAGE: return fill_boot_image(a, offset, size, &r);
        case MTK_IMAGE: return fill_mtk_image(a, p, offset, size, &r);
        }
        return -EINVAL;
}

/* ---- partition table ---- */

static uint32_t crc32_of(const uint8_t *data, size_t size)
{
        uint32_t crc = 0xffffffff;
        for (size_t i = 0; i < size; i++) {
                crc ^= data[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
        return ~crc;
}

typedef struct Table {
        uint32_t sector;
        uint64_t sectors;
        uint64_t first_usable, last_usable, entry_sectors;
        uint8_t entries[GPT_ENTRIES * GPT_ENTRY];
        size_t n;
        uint8_t disk[16];
} Table;

static void table_add(Table *t, const char *name, uint64_t first, uint64_t last, Rng *r)
{
        static const uint8_t basic_data[16] = { 0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44,
                0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7 };
        uint8_t *e = t->entries + GPT_ENTRY * t->n++;
        memcpy(e, basic_data, 16);
        rng_fill(r, e + 16, 16);
        put_le64(e + 32, first);
        put_le64(e + 40, last);
        for (size_t i = 0; name[i]; i++)
                e[56 + 2 * i] = (uint8_t)name[i];
}

static int table_header(const Table *t, int fd, bool backup, bool broken)
{
        uint8_t h[BLOCK] = "EFI PART";
        uint64_t last = t->sectors - 1, here = backup ? last : 1;
        uint64_t entries = backup ? last - t->entry_sectors : 2;
        put_le32(h + 8, 0x10000);
        put_le32(h + 12, 0x5c);
        put_le64(h + 24, here);
        put_le64(h + 32, backup ? 1 : last);
        put_le64(h + 40, t->first_usable);
        put_le64(h + 48, t->last_usable);
        memcpy(h + 56, t->disk, 16);
        put_le64(h + 72, entries);
        put_le32(h + 80, GPT_ENTRIES);
        put_le32(h + 84, GPT_ENTRY);
        put_le32(h + 88, crc32_of(t->entries, sizeof(t->entries)));
        put_le32(h + 16, crc32_of(h, 0x5c));
        if (broken)
                h[60] ^= 1;
        int r = fd_pwrite_full(fd, h, t->sector, here * t->sector);
        return r < 0 ? r : fd_pwrite_full(fd, t->entries, sizeof(t->entries), entries * t->sector);
}

/* Names with sizes and places in bytes, behind a signature. */
static int write_pmt(const Table *t, int fd)
{
        enum { RECORD = 88 };
        uint8_t p[4 + GPT_ENTRIES * RECORD] = "1vTP";
        for (size_t i = 0; i < t->n; i++) {
                const uint8_t *e = t->entries + i * GPT_ENTRY;
                uint8_t *r = p + 4 + i * RECORD;
                uint64_t first = get_le64(e + 32), last = get_le64(e + 40);
                for (size_t k = 0; k < 36; k++)
                        r[k] = e[56 + 2 * k];
                put_le64(r + 64, (last - first + 1) * t->sector);
                put_le64(r + 72, first * t->sector);
        }
        return fd_pwrite_full(fd, p, 4 + t->n * RECORD, t->sectors * t->sector - TABLE_GAP);
}

/* The file systems at the end, as such phones have them; the rest has no name. */
static int write_mbr(const Table *t, int fd)
{
        uint8_t mbr[512] = { [510] = 0x55, [511] = 0xaa };
        for (size_t i = 0; i < 3 && i < t->n; i++) {
                const uint8_t *e = t->entries + (t->n - 3 + i) * GPT_ENTRY;
                uint8_t *r = mbr + 0x1be + i * 16;
                uint64_t first = get_le64(e + 32), last = get_le64(e + 40);
                r[4] = 0x83;
                put_le32(r + 8, (uint32_t)first);
                put_le32(r + 12, (uint32_t)(last - first + 1));
        }
        return fd_pwrite_full(fd, mbr, sizeof(mbr), 0);
}

static int table_write(Table *t, int fd, GptKind kind)
{
        uint8_t mbr[512] = {};
        mbr[0x1be + 4] = 0xee;
        put_le32(mbr + 0x1be + 8, 1);
        put_le32(mbr + 0x1be + 12, (uint32_t)MIN(t->sectors - 1, UINT64_C(0xffffffff)));
        mbr[510] = 0x55;
        mbr[511] = 0xaa;
        if (kind == GPT_NONE)
                return 0;
        if (kind == GPT_PMT || kind == GPT_MBR)
                return kind == GPT_PMT ? write_pmt(t, fd) : write_mbr(t, fd);
        int r = fd_pwrite_full(fd, mbr, sizeof(mbr), 0);
        if (r < 0)
                return r;
        if (kind == GPT_OVERLAP)
                put_le64(t->entries + 40, get_le64(t->entries + GPT_ENTRY + 32) + 7);
        if (kind == GPT_BEYOND)
                put_le64(t->entries + GPT_ENTRY * (t->n - 1) + 40, t->sectors + 100000);
        r = table_header(t, fd, false, kind == GPT_PRIMARY_BROKEN || kind == GPT_BOTH_BROKEN);
        if (r < 0)
                return r;
        if (kind == GPT_DIFFERENT)
                memcpy(t->entries + 56, "o\0t\0h\0e\0r\0\0\0\0", 14);
        return table_header(t, fd, true, kind == GPT_BACKUP_BROKEN || kind == GPT_BOTH_BROKEN);
}

/* ---- areas ---- */

static uint64_t part_size(const FlashSpec *s, const Part *p)
{
        uint64_t size = p->kib * KiB;
        if (s->user_size < 512 * MiB)
                size = MAX(size * (s->user_size / MiB) / 512 / (64 * KiB) * (64 * KiB), 64 * KiB);
        return size;
}

static int make_user(int dir, const FlashSpec *s, Area *a)
{
        _cleanup_free_ Table *t = calloc(1, sizeof(*t));
        uint64_t fixed = 0, at = 512 * KiB;
        int r = 0;
        if (!t)
                return -ENOMEM;
        t->sector = s->ufs ? 4096 : 512;
        t->sectors = s->user_size / t->sector;
        t->entry_sectors = sizeof(t->entries) / t->sector;
        t->first_usable = 2 + t->entry_sectors;
        t->last_usable = t->sectors - t->entry_sectors - 2;
        Rng ids = rng_make(s->seed, "ids");
        rng_fill(&ids, t->disk, sizeof(t->disk));
        for (size_t i = 0; i < PARTS; i++)
                fixed += parts[i].kib ? part_size(s, &parts[i]) : 0;
        /* what the last partition leaves up to the backup table is a gap, too */
        uint64_t end = s->user_size - TABLE_GAP;
        if (at + fixed + 64 * KiB > end)
                return -ENOSPC;
        if (ftruncate(a->fd, (off_t)s->user_size) < 0)
                return -errno;
        for (size_t i = 0; i < PARTS && !r; i++) {
                const Part *p = &parts[i];
                uint64_t size =
                        p->kib ? part_size(s, p) : (end - at - fixed) / (64 * KiB) * (64 * KiB);
                if (p->kib)
                        fixed -= size;
                r = fill_part(a, s, p, i, at, size);
                if (p->name)
                        table_add(t, p->name, at / t->sector, (at + size) / t->sector - 1, &ids);
                at += size;
        }
        return r < 0 ? r : table_write(t, a->fd, s->gpt);
}

/* A loader image with its headers: file information, code, memory settings, digest. */
static size_t make_loader(const FlashSpec *s, uint8_t *data, size_t room, uint32_t device)
{
        static const char info[64] = "MTK_BLOADER_INFO_v11";
        size_t head = 56, size = MIN(room, (size_t)100 * 1024);
        Rng r = rng_make(s->seed, "loader");
        rng_fill(&r, data, size);
        memset(data, 0, head);
        memcpy(data, "MMM\1\x38\0\0\0FILE_INFO", 17);
        put_le32(data + 20, 1);
        put_le16(data + 24, 1);
        data[26] = (uint8_t)device;
        data[27] = 1;
        put_le32(data + 28, 0x200f10 - (uint32_t)head);
        put_le32(data + 32, (uint32_t)size);
        put_le32(data + 36, (uint32_t)room);
        put_le32(data + 40, (uint32_t)head);
        put_le32(data + 44, SHA256_SIZE);
        put_le32(data + 48, (uint32_t)head);
        put_le32(data + 52, 1);
        uint8_t *end = data + size - SHA256_SIZE;
        put_le32(end - 4, sizeof(info));
        memcpy(end - 4 - sizeof(info), info, sizeof(info));
        digest_of(DIGEST_SHA256, data, size - SHA256_SIZE, end);
        return size;
}

static int make_boot(const FlashSpec *s, Area *a, bool second)
{
        uint32_t unit = s->ufs ? 0x1000 : 0x200, start = s->ufs ? 0x1000 : 0x800;
        uint8_t *h = a->step;
        memset(h, 0xff, sizeof(a->step));
        memset(h, 0, 0x14);
        memcpy(h, s->ufs ? "UFS_BOOT" : "EMMC_BOOT", s->ufs ? 8 : 9);
        put_le32(h + 12, 1);
        put_le32(h + 16, unit);
        memset(h + 0x200, 0, 0xb4);
        memcpy(h + 0x200, "BRLYT", 5);
        put_le32(h + 0x208, 1);
        put_le32(h + 0x20c, start);
        put_le32(h + 0x210, start + 0x20000);
        memcpy(h + 0x214, "BBBB", 4);
        put_le16(h + 0x218, s->ufs ? 12 : 5);
        put_le16(h + 0x21a, 1);
        put_le32(h + 0x21c, start);
        put_le32(h + 0x220, start + 0x20000);
        put_le32(h + 0x224, 1);
        make_loader(s, h + start, 0x20000, s->ufs ? 12 : 5);
        if (second)
                put_le32(h + 0x214, 0xffffffff);
        if (ftruncate(a->fd, (off_t)s->boot_size) < 0)
                return -errno;
        return fd_pwrite_full(a->fd, h, (size_t)MIN((uint64_t)STEP, s->boot_size), 0);
}

void flash_spec_init(FlashSpec *s)
{
        *s = (FlashSpec){ .user_size = 512 * MiB, .boot_size = 4 * MiB, .seed = 1 };
}

int flash_make(const char *dir, const FlashSpec *s)
{
        static const char *const emmc[] = { "user.img", "boot1.img", "boot2.img", "rpmb.img" };
        static const char *const ufs[] = { "lu2.img", "lu0.img", "lu1.img" };
        size_t n = s->ufs ? ELEMENTS(ufs) : ELEMENTS(emmc);
        _cleanup_free_ Area *a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        if (mkdir(dir, 0777) < 0 && errno != EEXIST)
                return -errno;
        _cleanup_close_ int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (d < 0)
                return -errno;
        if (s->user_size < 16 * MiB || s->user_size % 4096 || s->boot_size < STEP)
                return -EINVAL;
        for (size_t i = 0; i < n; i++) {
                _cleanup_close_ int fd = openat(
                        d, s->ufs ? ufs[i] : emmc[i], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
                int r;
                if (fd < 0)
                        return -errno;
                a->fd = fd;
                if (i == 0)
                        r = make_user(d, s, a);
                else if (i < 3)
                        r = make_boot(s, a, i == 2);
                else
                        r = ftruncate(fd, (off_t)s->boot_size) < 0 ? -errno : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

int parse_size(const char *text, uint64_t *ret)
{
        static const char units[] = "KMGT";
        char *end;
        errno = 0;
        unsigned long long v = strtoull(text, &end, 0);
        if (end == text || errno)
                return -EINVAL;
        const char *unit = *end ? strchr(units, *end) : NULL;
        if (unit) {
                v <<= 10 * (unit - units + 1);
                end++;
                if (!strcmp(end, "iB") || !strcmp(end, "B"))
                        end = (char *)(uintptr_t) "";
        }
        if (*end)
                return -EINVAL;
        *ret = v;
        return 0;
}
