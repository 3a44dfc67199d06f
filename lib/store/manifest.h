/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The manifest of a backup: what was read, from which phone, with what result (doc/store.md 5).
 *
 * manifest.json is the truth about a backup; nothing else in a store is needed to understand it. A
 * Manifest is filled in while a backup is made and written once (manifest_write), or read from a
 * file of unknown quality (manifest_parse), which takes only what is consistent in itself: names
 * that are no paths, parts inside their regions and in order, tiling where it is claimed.
 * Unknown keys are ignored, duplicate ones refused. */

#include "format/layout.h"
#include "store/names.h"

enum {
        MANIFEST_VERSION = 1,
        MANIFEST_SIZE_MAX = 16 * 1024 * 1024,
        MANIFEST_TEXT_MAX = 160,
        MANIFEST_PARTS_MAX = LAYOUT_PARTS_MAX,
        MANIFEST_CHECKS_MAX = 128,
        MANIFEST_BAD_MAX = 8192, /* bad ranges of one part */
};

typedef enum BackupKind {
        BACKUP_CRITICAL,  /* the critical set only */
        BACKUP_FULL,      /* every region tiled */
        BACKUP_SELECTION, /* what was asked for */
        _BACKUP_KIND_MAX
} BackupKind;
const char *backup_kind_to_string(BackupKind kind);
int backup_kind_from_string(const char *name);

typedef enum BackupResult {
        RESULT_COMPLETE,
        RESULT_COMPLETE_WITH_ERRORS, /* bad ranges, unreadable parts or failed checks */
        _BACKUP_RESULT_MAX
} BackupResult;
const char *backup_result_to_string(BackupResult result);
int backup_result_from_string(const char *name);

typedef enum PartStatus {
        PART_OK,
        PART_BAD_RANGES, /* what could not be read is stored as zeros and listed */
        PART_UNSTABLE,   /* read three times with three results */
        PART_SKIPPED,    /* not asked for */
        PART_UNREADABLE, /* the phone refused it as a whole */
        _PART_STATUS_MAX
} PartStatus;
const char *part_status_to_string(PartStatus status);
int part_status_from_string(const char *name);
/* Has it an image? Then also an index and a checksum. */
static inline bool part_status_stored(PartStatus status)
{
        return status == PART_OK || status == PART_BAD_RANGES || status == PART_UNSTABLE;
}

typedef enum RegionCoverage {
        COVERAGE_ALL,
        COVERAGE_NONE,
        COVERAGE_PART,
        COVERAGE_UNREADABLE,
        _REGION_COVERAGE_MAX
} RegionCoverage;
const char *region_coverage_to_string(RegionCoverage coverage);
int region_coverage_from_string(const char *name);

typedef enum CheckResult { CHECK_PASS, CHECK_FAIL, CHECK_SKIP, _CHECK_RESULT_MAX } CheckResult;
const char *check_result_to_string(CheckResult result);
int check_result_from_string(const char *name);

typedef struct ManifestBad {
        uint64_t offset, size; /* bytes in the part */
        unsigned tries;
        char error[MANIFEST_TEXT_MAX];
} ManifestBad;

typedef struct ManifestPart {
        char name[LAYOUT_NAME_MAX + 1];
        char file[PART_FILE_MAX]; /* unique in the backup */
        char region[24];
        uint64_t offset, size;
        PartClass class;
        bool has_guid;
        uint8_t type_guid[16], unique_guid[16];
        uint64_t attrs;
        PartStatus status;
        char error[MANIFEST_TEXT_MAX];                          /* of an unreadable part */
        uint8_t sha256[SHA256_SIZE], index_sha256[SHA256_SIZE]; /* where it is stored */
        bool plain;                                             /* there is plain/<file>.img */
        unsigned reads;
        uint64_t zero_bytes, ff_bytes, new_bytes, new_stored_bytes;
        uint64_t chunks, chunks_new, chunks_reused, chunks_healed;
        bool same_as_parent;
        ManifestBad *bad;
        size_t n_bad;
} ManifestPart;

typedef struct ManifestRegion {
        char name[24];
        uint32_t id;
        uint64_t size;
        RegionCoverage coverage;
} ManifestRegion;

typedef struct ManifestCheck {
        char name[64];
        CheckResult result;
        char detail[MANIFEST_TEXT_MAX];
} ManifestCheck;

/* What the phone said about itself; empty texts are absent. */
typedef struct ManifestDevice {
        char key[DEVICE_KEY_SIZE];
        DeviceIds ids;
        char chip[32];
        uint16_t hw_sub_code, hw_version, sw_version;
        char boot_mode[16];
        char usb_path[64];
        bool has_security;
        uint32_t target_config;
        uint32_t battery_mv;
        StorageType storage;
        uint32_t block_size, page_size, spare_size; /* bytes; the last two of NAND */
        uint8_t fw_version[8];
        size_t n_fw_version;
        char ptable[16]; /* gpt, pmt, mbr, scatter, agent, none */
        bool has_disk_guid, ptable_checked;
        uint8_t disk_guid[16];
        bool primary_ok, backup_ok, tables_equal;
        char agent_name[128], agent_sha256[SHA256_HEX], agent_version[64];
} ManifestDevice;

/* What made the backup. */
typedef struct ManifestTool {
        char kernel[MANIFEST_TEXT_MAX], host[SHA256_HEX];
        char libusb[32]; /* version, as the worker says; may be empty */
        bool clock_synced;
} ManifestTool;

typedef struct Manifest {
        char id[BACKUP_ID_SIZE], parent[BACKUP_ID_SIZE]; /* parent may be empty */
        uint64_t seq;
        BackupKind kind;
        BackupResult result;
        char profile[65], profile_sha256[SHA256_HEX];
        char label[MANIFEST_TEXT_MAX]; /* the job's name */
        uint32_t requested_by;         /* uid */
        ManifestDevice device;
        ManifestTool tool;
        char store_id[37];
        int64_t start, end; /* seconds since 1970 */
        uint64_t elapsed_ms, bytes_read;
        ManifestRegion regions[_REGION_MAX];
        size_t n_regions;
        ManifestPart *parts; /* in region and offset order */
        size_t n_parts;
        ManifestCheck *checks;
        size_t n_checks;
} Manifest;

/* Sums over the parts. */
typedef struct ManifestTotals {
        uint64_t size; /* of the parts that are stored */
        uint64_t zero_bytes, new_bytes, stored_bytes_new, bad_bytes;
        uint64_t chunks, chunks_new, chunks_reused, chunks_healed;
} ManifestTotals;

Manifest *manifest_new(void);
Manifest *manifest_free(Manifest *m);
DEFINE_CLEANUP(Manifest, manifest_free)
/* Makes room for n parts or checks, zeroed. 0 or -ENOMEM. */
int manifest_set_parts(Manifest *m, size_t n);
int manifest_set_checks(Manifest *m, size_t n);
/* Appends one; more than MANIFEST_CHECKS_MAX are left out. 0 or -ENOMEM. */
int manifest_add_check(Manifest *m, const char *name, CheckResult result, const char *detail);
void manifest_totals(const Manifest *m, ManifestTotals *ret);
/* By file name, else by name when only one part has it; NULL. */
const ManifestPart *manifest_find(const Manifest *m, const char *name);
/* True when the parts of this region cover it without hole or overlap. */
bool manifest_region_tiled(const Manifest *m, const ManifestRegion *region);

/* Fills in what follows from the parts once all are read: coverage of the regions, equality with the
 * parts of the parent (NULL: there is none), checks, result. table_problem says what was wrong with
 * the partition table, NULL nothing. 0 or -ENOMEM. */
int manifest_conclude(Manifest *m, const Manifest *parent, const char *table_problem);

/* The text of manifest.json; the caller frees. 0 or -ENOMEM, -EINVAL for text that is not UTF-8. */
int manifest_write(const Manifest *m, char **ret, size_t *ret_size);
/* Reads it back. The device's facts are only read as far as others ask for them. 0; -ENOMEM;
 * -EBADMSG and what is wrong. */
int manifest_parse(const char *text, size_t size, Manifest **ret, char why[MANIFEST_TEXT_MAX]);
