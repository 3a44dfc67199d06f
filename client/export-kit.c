/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/export-kit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "basic/fd.h"
#include "client/error.h"
#include "client/export-dir.h"
#include "client/file-source.h"
#include "client/output.h"
#include "client/report.h"
#include "format/checksum-ini.h"
#include "format/checksum.h"
#include "format/preloader.h"
#include "format/rom.h"
#include "format/scatter-make.h"
#include "format/scatter.h"

enum { BOOT_AREA_MAX = 64 * 1024 * 1024, SUM_BUFFER = 256 * 1024 };

static const char readme_text[] =
        "These are the files of a backup of a %s phone, for SP Flash Tool.\n\n"
        "1. Start the tool and choose %s as scatter-loading file.\n"
        "2. Choose “Download Only”. Never choose “Format All + Download”: it erases\n"
        "   what exists in this one phone only (IMEI, calibration), and that is not\n"
        "   in this folder.\n"
        "3. Untick what you do not want to write, press Download, and connect the\n"
        "   phone switched off.\n\n"
        "The files fit the very model they were read from, with its state of the\n"
        "lock. What exists in that one phone only is not in here%s;\n"
        "the backup has it. Keep it.\n\n"
        "Checksum.ini has the sums the tool compares, SHA256SUMS better ones:\n"
        "sha256sum -c SHA256SUMS\n";

/* ---- the scatter ---- */

static bool part_is_stored(const json_t *part)
{
        return *object_text(part, "sha256");
}

static json_t *find_part(json_t *manifest, const char *name, const char *region)
{
        json_t *part;
        size_t i;

        json_array_foreach(json_object_get(manifest, "parts"), i,
                part) if (strcmp(object_text(part, "name"), name) == 0 &&
                strcmp(object_text(part, "region"), region) == 0) return part;
        return NULL;
}

/* The first thing in the boot area: what the preloader is taken from. */
static json_t *find_boot(json_t *manifest)
{
        json_t *part;
        size_t i;

        json_array_foreach(json_object_get(manifest, "parts"), i, part)
        {
                StorageType storage;
                RegionKind kind;

                if (region_from_name(object_text(part, "region"), &storage, &kind) == 0 &&
                        kind == REGION_BOOT1 && object_number(part, "offset") == 0 &&
                        part_is_stored(part))
                        return part;
        }
        return NULL;
}

static const char *user_region(const Layout *l)
{
        return region_name(l->storage, REGION_USER) ?: "";
}

/* Two partitions may share a file only when they hold the same. */
static void keep_names_apart(Layout *l, json_t *manifest)
{
        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = &l->parts[i];
                const json_t *mine = find_part(manifest, p->name, user_region(l));

                for (size_t k = 0; k < i && p->is_download && mine; k++) {
                        const Partition *q = &l->parts[k];
                        const json_t *other = find_part(manifest, q->name, user_region(l));
                        char name[ROM_FILE_MAX];

                        if (!q->is_download || strcasecmp(q->file_name, p->file_name) != 0 ||
                                (other &&
                                        strcmp(object_text(mine, "sha256"),
                                                object_text(other, "sha256")) == 0))
                                continue;
                        rom_file_name(p->name, name);
                        snprintf(p->file_name, sizeof(p->file_name), "%.100s.img", name);
                        break;
                }
        }
}

static void name_loader(const Layout *l, Partition *p)
{
        char chip[sizeof(l->chip)];
        size_t n = 0;

        for (; l->chip[n]; n++)
                chip[n] = (char)tolower((unsigned char)l->chip[n]);
        chip[n] = 0;
        snprintf(p->file_name, sizeof(p->file_name), "preloader_%s.bin", chip[0] ? chip : "phone");
}

int kit_layout(json_t *manifest, bool userdata, Layout **ret)
{
        _cleanup_(layout_freep) Layout *table = NULL, *l = NULL;
        const Region *boot;
        ScatterMake how = { 0 };
        int r;

        table = manifest_table(manifest);
        if (!table)
                return -ENOMEM;
        boot = layout_region(table, REGION_BOOT1);
        how.boot_size = boot ? boot->size : 0;
        r = scatter_make(table, &how, &l);
        if (r < 0)
                return r;
        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = &l->parts[i];
                const json_t *part = find_part(manifest, p->name, user_region(l));
                bool loader = strcasecmp(p->name, "preloader") == 0;
                bool has_data = loader ? find_boot(manifest) != NULL : part && part_is_stored(part);

                if (loader)
                        name_loader(l, p);
                if (!p->is_download || !has_data || (p->class == CLASS_USER && !userdata)) {
                        p->is_download = false;
                        p->file_name[0] = 0;
                }
        }
        keep_names_apart(l, manifest);
        *ret = TAKE_PTR(l);
        return 0;
}

/* ---- the files ---- */

typedef struct Kit {
        sd_bus *bus;
        const char *path;
        json_t *manifest;
        Layout *layout;
        ExportDir *dir;
        ChecksumIni *sums;
        unsigned files;
        bool incomplete;
} Kit;

static int list_sum(Kit *kit, const char *partition, int fd)
{
        _cleanup_free_ uint8_t *buffer = malloc(SUM_BUFFER);
        ChecksumEntry *e = checksum_ini_add(kit->sums, partition);
        uint64_t at = 0;
        ssize_t n;

        if (!buffer || !e)
                return error_errno(-ENOMEM, "cannot make the kit");
        e->has_sum = true;
        while ((n = pread(fd, buffer, SUM_BUFFER, (off_t)at)) > 0) {
                e->sum = sum16_add(e->sum, buffer, (size_t)n);
                at += (uint64_t)n;
        }
        return n < 0 ? error_file(-errno, partition) : 0;
}

/* File systems go as sparse images, which is what flash tools expect of them and what they have
 * room for; they hold exactly the same. */
static int add_image(Kit *kit, const Partition *p)
{
        const json_t *part = find_part(kit->manifest, p->name, user_region(kit->layout));
        const char *form = strcmp(p->type, "EXT4_IMG") == 0 ? "simg" : "raw";
        _cleanup_close_ int fd = -1;
        int r;

        r = export_dir_create(kit->dir, p->file_name, &fd);
        if (r)
                return r;
        r = backup_export(kit->bus, kit->path, object_text(part, "file"), form, fd, p->file_name,
                object_number(part, "size"));
        if (r == 0)
                r = list_sum(kit, p->name, fd);
        if (r == 0)
                r = export_dir_finish(kit->dir, p->file_name, fd, EXPORT_ANY_SIZE, "");
        if (r) {
                export_dir_abandon(kit->dir, p->file_name);
                return r;
        }
        if (strcmp(object_text(part, "status"), "ok") != 0) {
                message("%s: %s, read the manifest before you use it", p->name,
                        object_text(part, "status"));
                kit->incomplete = true;
        }
        kit->files++;
        return 0;
}

static int write_loader(Kit *kit, Partition *p, Source *area)
{
        _cleanup_free_ uint8_t *data = NULL;
        _cleanup_close_ int fd = -1;
        Preloader loader;
        int r = preloader_read(area, &loader);

        if (r < 0 || (loader.health != PRELOADER_GOOD && loader.health != PRELOADER_UNPROVEN)) {
                message("the preloader is %s and was left out; the phone's own stays",
                        r < 0 ? "missing" : preloader_health_to_string(loader.health));
                kit->incomplete = true;
                p->is_download = false;
                p->file_name[0] = 0;
                return 0;
        }
        data = malloc(loader.file.file_len);
        r = data ? source_read(area, data, loader.file.file_len, loader.file.offset) : -ENOMEM;
        if (r < 0)
                return error_errno(r, "cannot read the preloader");
        r = export_dir_create(kit->dir, p->file_name, &fd);
        if (r)
                return r;
        r = fd_write_full(fd, data, loader.file.file_len);
        if (r < 0)
                r = error_file(r, p->file_name);
        if (r == 0)
                r = list_sum(kit, p->name, fd);
        if (r == 0)
                r = export_dir_finish(kit->dir, p->file_name, fd, loader.file.file_len, "");
        if (r)
                export_dir_abandon(kit->dir, p->file_name);
        kit->files += r == 0;
        return r;
}

/* A flash tool wants the loader without the headers of its area. */
static int add_loader(Kit *kit, Partition *p)
{
        const json_t *part = find_boot(kit->manifest);
        _cleanup_close_ int fd = memfd_create("boot area", MFD_CLOEXEC);
        _cleanup_free_ char *area = NULL;
        uint64_t size = object_number(part, "size");
        MemorySource m;
        int r;

        if (fd < 0)
                return error_errno(-errno, "cannot read the preloader");
        if (size > BOOT_AREA_MAX)
                return error_fail(ERROR_STORE_DAMAGED, "the boot area has an impossible size");
        r = backup_export(
                kit->bus, kit->path, object_text(part, "file"), "raw", fd, "preloader", size);
        if (r)
                return r;
        area = malloc((size_t)size + 1);
        r = area ? fd_pread_full(fd, area, (size_t)size, 0) : -ENOMEM;
        if (r < 0)
                return error_errno(r, "cannot read the preloader");
        return write_loader(kit, p, memory_source_init(&m, area, (size_t)size));
}

static bool listed_already(const Layout *l, size_t i)
{
        for (size_t k = 0; k < i; k++)
                if (l->parts[k].is_download &&
                        strcasecmp(l->parts[k].file_name, l->parts[i].file_name) == 0)
                        return true;
        return false;
}

/* The second of two partitions with one file has its sum too. */
static int share_sum(Kit *kit, size_t i)
{
        const Layout *l = kit->layout;
        uint16_t sum = 0;
        ChecksumEntry *e;

        for (size_t k = 0; k < i; k++)
                if (strcasecmp(l->parts[k].file_name, l->parts[i].file_name) == 0) {
                        const ChecksumEntry *first = checksum_ini_find(kit->sums, l->parts[k].name);

                        sum = first ? first->sum : 0;
                        break;
                }
        e = checksum_ini_add(kit->sums, l->parts[i].name);
        if (!e)
                return error_errno(-ENOMEM, "cannot make the kit");
        e->has_sum = true;
        e->sum = sum;
        return 0;
}

static int add_files(Kit *kit)
{
        int r;

        for (size_t i = 0; i < kit->layout->n_parts; i++) {
                Partition *p = &kit->layout->parts[i];

                if (!p->is_download)
                        continue;
                if (strcasecmp(p->name, "preloader") == 0)
                        r = add_loader(kit, p);
                else if (listed_already(kit->layout, i))
                        r = share_sum(kit, i);
                else
                        r = add_image(kit, p);
                if (r)
                        return r;
        }
        return 0;
}

static int add_texts(Kit *kit, const char *scatter_name, bool userdata)
{
        _cleanup_free_ char *scatter = NULL, *sums = NULL, *readme = NULL;
        size_t size;
        int r;

        r = scatter_write(SCATTER_V1, &kit->layout, 1, &scatter, &size);
        if (r < 0)
                return error_errno(r, "cannot make the scatter file");
        if (checksum_ini_write(kit->sums, &sums) < 0 ||
                asprintf(&readme, readme_text, kit->layout->chip, scatter_name,
                        userdata ? "" : ", nor are the user's data") < 0)
                return error_errno(-ENOMEM, "cannot make the kit");
        r = export_dir_text(kit->dir, scatter_name, scatter);
        if (r == 0)
                r = export_dir_text(kit->dir, "Checksum.ini", sums);
        if (r == 0)
                r = export_dir_text(kit->dir, "README.txt", readme);
        return r == 0 ? export_dir_sums(kit->dir) : r;
}

static int check_names(const Kit *kit, const char *scatter_name)
{
        const char *const texts[] = { scatter_name, "Checksum.ini", "README.txt" };
        int r = 0;

        for (size_t i = 0; i < ELEMENTS(texts) && r == 0; i++)
                r = export_dir_check(kit->dir, texts[i]);
        for (size_t i = 0; i < kit->layout->n_parts && r == 0; i++)
                if (kit->layout->parts[i].is_download)
                        r = export_dir_check(kit->dir, kit->layout->parts[i].file_name);
        return r;
}

static int fill_kit(Kit *kit, const char *folder, bool userdata)
{
        char scatter_name[64];
        json_t *j;
        int r;

        snprintf(scatter_name, sizeof(scatter_name), "%s_Android_scatter.txt",
                kit->layout->chip[0] ? kit->layout->chip : "MTxxxx");
        strcpy(kit->sums->version, "V1");
        strcpy(kit->sums->tool, "mtkbackup-" VERSION);
        kit->sums->change_id = time(NULL);
        kit->sums->enabled = true;
        r = check_names(kit, scatter_name);
        if (r == 0)
                r = add_files(kit);
        if (r == 0)
                r = add_texts(kit, scatter_name, userdata);
        if (r)
                return r;
        j = json_object();
        report_set_text(j, "folder", folder);
        report_set_text(j, "scatter", scatter_name);
        report_set_number(j, "images", kit->files);
        report_layout_problems(j, kit->layout);
        r = report_print(j, NULL);
        return r == 0 && kit->incomplete ? EXIT_INCOMPLETE : r;
}

int export_kit(sd_bus *bus, const char *path, json_t *manifest, const char *folder, bool force,
        bool userdata)
{
        Kit kit = { .bus = bus, .path = path, .manifest = manifest, .sums = checksum_ini_new() };
        int r = kit.sums ? kit_layout(manifest, userdata, &kit.layout) : -ENOMEM;

        r = r < 0 ? error_errno(r, "cannot make a scatter of this backup")
                  : export_dir_open(folder, force, &kit.dir);
        if (r == 0)
                r = fill_kit(&kit, folder, userdata);
        export_dir_free(kit.dir);
        checksum_ini_free(kit.sums);
        layout_free(kit.layout);
        return r;
}
