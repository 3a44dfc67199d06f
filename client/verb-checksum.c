/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "basic/fd.h"
#include "client/error.h"
#include "client/output-file.h"
#include "client/report.h"
#include "client/rom-folder.h"
#include "client/verb.h"
#include "client/work.h"
#include "format/checksum-ini.h"
#include "format/checksum-xml.h"
#include "format/checksum.h"

#define INI_NAME "Checksum.ini"
#define XML_NAME "scatter_checksum.xml"
enum { SUM_BUFFER = 256 * 1024 };

static const char *arg_scatter;
static bool arg_write, arg_md5, arg_v6, arg_force;

static const Option options[] = {
        { 'w', "write", NULL, "write " INI_NAME " instead of comparing", OPTION_FLAG, &arg_write },
        { 0, "md5", NULL, "with --write: MD5 sums as well", OPTION_FLAG, &arg_md5 },
        { 0, "v6", NULL, "with --write: " XML_NAME " (SP Flash Tool 6) as well", OPTION_FLAG,
                &arg_v6 },
        { 's', "scatter", "FILE", "which file belongs to which partition (the one in DIR)",
                OPTION_STRING, &arg_scatter },
        { 'f', "force", NULL, "replace lists that exist", OPTION_FLAG, &arg_force },
        {},
};

static const Column columns[] = {
        { "NAME", "name" },
        { "FILE", "file" },
        { "CHECKSUM", "checksum", COLUMN_HEX },
        { "RESULT", "result" },
        {},
};
static const ReportTable tables[] = { { "files", columns }, {} };

/* one run */
typedef struct Run {
        const char *path;
        RomFolder *folder;
        json_t *report, *files;
        Digest *md5;
        uint8_t *buffer;
        Work work;
        unsigned compared, bad;
} Run;

/* sums of one file */
typedef struct Sums {
        uint64_t size;
        uint16_t sum16;
        uint32_t sum32;
        uint8_t md5[MD5_SIZE];
} Sums;

enum { WANT_SUM16 = 1, WANT_SUM32 = 2, WANT_MD5 = 4 };

static int sum_stream(Run *run, int fd, unsigned want, Sums *ret)
{
        Sum32 sum32 = { 0 };
        ssize_t n;
        int r;

        for (;;) {
                n = read(fd, run->buffer, SUM_BUFFER);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                if (want & WANT_SUM16)
                        ret->sum16 = sum16_add(ret->sum16, run->buffer, (size_t)n);
                if (want & WANT_SUM32)
                        sum32_add(&sum32, run->buffer, (size_t)n);
                if (want & WANT_MD5)
                        digest_add(run->md5, run->buffer, (size_t)n);
                ret->size += (uint64_t)n;
                r = progress_report(&run->work.progress, ret->size);
                if (r < 0)
                        return r;
        }
        ret->sum32 = sum32_finish(&sum32);
        if (want & WANT_MD5)
                digest_finish(run->md5, ret->md5);
        return 0;
}

/* The sums of a file of the folder; what lies elsewhere is none of its files. */
static int sum_file(Run *run, const char *name, unsigned want, Sums *ret)
{
        _cleanup_close_ int fd = -1;
        int r;

        *ret = (Sums){ 0 };
        if (strchr(name, '/') || strchr(name, '\\'))
                return -ENOENT;
        fd = openat(run->folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        work_next(&run->work, name, 0);
        r = sum_stream(run, fd, want, ret);
        work_next(&run->work, name, ret->size);
        return r;
}

static void add_result(
        Run *run, const char *name, const char *file, const char *result, uint64_t checksum)
{
        json_t *j = json_object();

        json_object_set_new(j, "name", report_text(name));
        if (file)
                json_object_set_new(j, "file", report_text(file));
        if (file && strcmp(result, "missing") != 0)
                report_set_number(j, "checksum", checksum);
        report_set_text(j, "result", result);
        json_array_append_new(run->files, j);
}

static bool entry_fits(const ChecksumEntry *e, const Sums *s)
{
        return (!e->has_sum || e->sum == s->sum16) &&
                (!e->has_md5 || memcmp(e->md5, s->md5, MD5_SIZE) == 0);
}

/* A list may have been made over the signed variants, though the scatter names the plain files. */
static int compare_entry(Run *run, const ChecksumEntry *e)
{
        unsigned want = (e->has_sum ? WANT_SUM16 : 0U) | (e->has_md5 ? WANT_MD5 : 0U);
        const char *file = rom_folder_file(run->folder, e->name);
        _cleanup_free_ char *verified = file ? rom_folder_verified(file) : NULL;
        const char *tries[] = { file, verified };
        const char *seen = NULL;
        Sums sums = { 0 };
        int r;

        for (size_t i = 0; i < ELEMENTS(tries); i++) {
                Sums s;

                if (!tries[i])
                        continue;
                r = sum_file(run, tries[i], want, &s);
                if (r == -ENOENT || r == -ELOOP)
                        continue;
                if (r < 0)
                        return work_error(r, tries[i]);
                if (entry_fits(e, &s)) {
                        add_result(run, e->name, tries[i], "ok", s.sum16);
                        return 0;
                }
                if (!seen) {
                        seen = tries[i];
                        sums = s;
                }
        }
        run->bad++;
        add_result(run, e->name, seen ?: file, seen ? "differs" : "missing", sums.sum16);
        if (seen)
                report_problem(
                        run->report, e->line, "%s: %s does not have the listed sum", e->name, seen);
        else
                report_problem(run->report, e->line, "%s: its file %s is not there", e->name,
                        file ?: "is unknown and");
        return 0;
}

static int compare_ini(Run *run)
{
        _cleanup_(checksum_ini_freep) ChecksumIni *c = NULL;
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = file_read_at(run->folder->fd, INI_NAME, CHECKSUM_FILE_MAX, &text, &size);

        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return error_file(r, INI_NAME);
        if (!l)
                return error_errno(-ENOMEM, "cannot read " INI_NAME);
        r = checksum_ini_read(text, size, &c, l);
        if (r == -ENOENT)
                return error_fail(ERROR_INVALID_FILE, "%s/" INI_NAME " is damaged", run->path);
        if (r < 0)
                return error_file(r, INI_NAME);
        run->compared++;
        report_layout_problems(run->report, l);
        if (!c->enabled)
                report_problem(run->report, 0, INI_NAME " is switched off: flash tools ignore it");
        for (size_t i = 0; i < c->n_entries; i++) {
                if (!c->entries[i].has_sum && !c->entries[i].has_md5)
                        continue;
                r = compare_entry(run, &c->entries[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int compare_file(Run *run, const ChecksumXmlEntry *e)
{
        Sums s;
        int r;

        if (strcasecmp(e->method, "ADD") != 0) {
                report_problem(
                        run->report, e->line, "%s: nobody knows the method %s", e->file, e->method);
                add_result(run, e->file, e->file, "unknown", e->sum);
                return 0;
        }
        r = sum_file(run, e->file, WANT_SUM32, &s);
        if (r < 0 && r != -ENOENT && r != -ELOOP)
                return work_error(r, e->file);
        if (r < 0 || s.sum32 != e->sum) {
                run->bad++;
                report_problem(run->report, e->line,
                        r < 0 ? "%s is not there" : "%s does not have the listed sum", e->file);
        }
        add_result(run, e->file, e->file,
                r < 0                       ? "missing"
                        : s.sum32 == e->sum ? "ok"
                                            : "differs",
                s.sum32);
        return 0;
}

static int compare_xml(Run *run)
{
        _cleanup_(checksum_xml_freep) ChecksumXml *c = NULL;
        _cleanup_(layout_freep) Layout *l = layout_new();
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = file_read_at(run->folder->fd, XML_NAME, CHECKSUM_XML_FILE_MAX, &text, &size);

        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return error_file(r, XML_NAME);
        r = l ? checksum_xml_read(text, size, &c, l) : -ENOMEM;
        if (r == -ENOENT || r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE, "%s/" XML_NAME " is damaged", run->path);
        if (r < 0)
                return error_file(r, XML_NAME);
        run->compared++;
        report_layout_problems(run->report, l);
        for (size_t i = 0; i < c->n_entries; i++) {
                r = compare_file(run, &c->entries[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int compare(Run *run)
{
        int r = compare_ini(run);

        if (r == 0)
                r = compare_xml(run);
        if (r == 0 && run->compared == 0)
                return error_fail(ERROR_INVALID_FILE,
                        "%s has neither " INI_NAME " nor " XML_NAME "; --write makes them",
                        run->path);
        return r;
}

static bool is_list(const char *file)
{
        return strcasecmp(file, INI_NAME) == 0 || strcasecmp(file, XML_NAME) == 0;
}

static int write_lists(Run *run, const ChecksumIni *ini, const ChecksumXml *xml)
{
        _cleanup_free_ char *ini_text = NULL, *xml_text = NULL, *ini_path = NULL, *xml_path = NULL;
        int r;

        if (checksum_ini_write(ini, &ini_text) < 0 || checksum_xml_write(xml, &xml_text) < 0 ||
                asprintf(&ini_path, "%s/" INI_NAME, run->path) < 0 ||
                asprintf(&xml_path, "%s/" XML_NAME, run->path) < 0)
                return error_errno(-ENOMEM, "cannot write the lists");
        r = output_text(ini_path, arg_force, ini_text);
        return r == 0 && arg_v6 ? output_text(xml_path, arg_force, xml_text) : r;
}

/* Adds what a list gets of one file. A file that several partitions share stands in the first list
 * once for each, in the second once. */
static int add_file(Run *run, ChecksumIni *ini, ChecksumXml *xml, const RomFile *f)
{
        unsigned want = WANT_SUM16 | (arg_md5 ? WANT_MD5 : 0U) | (arg_v6 ? WANT_SUM32 : 0U);
        ChecksumEntry *e;
        bool listed = false;
        Sums s;
        int r;

        if (is_list(f->file))
                return 0;
        r = sum_file(run, f->file, want, &s);
        if (r == -ENOENT && run->folder->scatter) {
                report_problem(
                        run->report, 0, "%s: its file %s is not there", f->partition, f->file);
                return 0;
        }
        if (r < 0)
                return work_error(r, f->file);
        e = checksum_ini_add(ini, f->partition);
        if (!e)
                return error_fail(ERROR_INVALID_FILE, "%s has too many files", run->path);
        e->has_sum = true;
        e->sum = s.sum16;
        e->has_md5 = arg_md5;
        memcpy(e->md5, s.md5, MD5_SIZE);
        for (size_t i = 0; i < xml->n_entries; i++)
                listed |= strcmp(xml->entries[i].file, f->file) == 0;
        if (arg_v6 && !listed && !checksum_xml_add(xml, f->file, s.sum32))
                return error_fail(ERROR_INVALID_FILE, "%s: a file name is too long", run->path);
        add_result(run, f->partition, f->file, "listed", s.sum16);
        return 0;
}

static int make(Run *run)
{
        _cleanup_(checksum_ini_freep) ChecksumIni *ini = checksum_ini_new();
        _cleanup_(checksum_xml_freep) ChecksumXml *xml = checksum_xml_new();
        int r;

        if (!ini || !xml)
                return error_errno(-ENOMEM, "cannot make the lists");
        strcpy(ini->version, "V1");
        strcpy(ini->tool, "mtkbackup-" VERSION);
        ini->change_id = time(NULL);
        ini->enabled = true;
        for (size_t i = 0; i < run->folder->n_files; i++) {
                r = add_file(run, ini, xml, &run->folder->files[i]);
                if (r != 0)
                        return r;
        }
        if (ini->n_entries == 0) {
                message("%s has no file to list", run->path);
                return EXIT_NOTHING;
        }
        return write_lists(run, ini, xml);
}

static uint64_t bytes_to_read(const RomFolder *f)
{
        uint64_t total = 0;
        struct stat st;

        for (size_t i = 0; i < f->n_files; i++)
                if (fstatat(f->fd, f->files[i].file, &st, 0) == 0)
                        total += (uint64_t)st.st_size;
        return total;
}

static int run_in(Run *run)
{
        int r = rom_folder_open(run->path, arg_scatter, &run->folder);

        if (r != 0)
                return r;
        report_set_text(run->report, "folder", run->path);
        report_set_text(run->report, "scatter", run->folder->scatter);
        work_begin(&run->work, "adding up", bytes_to_read(run->folder));
        r = arg_write ? make(run) : compare(run);
        work_end(&run->work);
        if (r != 0)
                return r;
        json_object_set(run->report, "files", run->files);
        r = report_print(json_incref(run->report), tables);
        return r == 0 && run->bad > 0 ? EXIT_MISMATCH : r;
}

static int run_verb(int argc, char **argv)
{
        Run run = { .path = argv[0] };
        int r;

        if ((arg_md5 || arg_v6 || arg_force) && !arg_write)
                return error_usage("--md5, --v6 and --force belong to --write");
        run.report = json_object();
        run.files = json_array();
        run.buffer = malloc(SUM_BUFFER);
        r = run.buffer ? digest_init() : -ENOMEM;
        if (r == 0)
                r = digest_new(DIGEST_MD5, &run.md5);
        r = r < 0 ? error_errno(r, "cannot add up") : run_in(&run);
        digest_free(run.md5);
        free(run.buffer);
        rom_folder_free(run.folder);
        json_decref(run.files);
        json_decref(run.report);
        return r;
}

const Verb verb_checksum = {
        .name = "checksum",
        .group = GROUP_FILES,
        .synopsis = "[OPTION…] DIR",
        .summary = "write or compare the checksums of a ROM folder",
        .help = "Compares the files of DIR with its " INI_NAME " (SP Flash Tool 5) and " XML_NAME
                " (6), or writes\nthese with --write. The sums find files that were cut or mixed "
                "up; they prove nothing more.\nExit code 9: a file differs or is missing.",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run_verb,
};
