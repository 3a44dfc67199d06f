/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The vocabulary between mtkbackupd, mtkbackup-worker and mtkbackup-keeper.
 *
 * Three kinds of SOCK_SEQPACKET channels carry messages of wire/message.h:
 *
 *   daemon <-> worker   control; one worker a device session (one phone on one port)
 *   daemon <-> keeper   control; one keeper a running job or store operation
 *   worker <-> keeper   data; one a job, made by the daemon, an end given to each
 *
 * When either end of a channel goes away its peer sees the end of the stream and finishes what it
 * does by itself: a worker lets the phone go, a keeper ends its session as interrupted.
 *
 * Descriptors a helper starts with: 3 control; worker: 4 the usbfs node; keeper: 4 the state
 * directory's open "store" directory (absent for agent operations), further ones come with
 * messages.
 *
 * A device session, seen by the daemon:
 *
 *   worker                      daemon
 *   READY                                     caged, descriptor wrapped
 *   PHASE…, IDENTITY                          handshake and identification done
 *                               CONNECT       a job wants this phone: start a download agent
 *   NEED_AGENT                  AGENT + fd    (or AGENT without fd: none imported for it)
 *   NEED_REPLUG                 REPLUG + fd   the phone comes back at another speed (not always)
 *   STORAGE, REGION…, IDLE                    the agent runs, the storage is known
 *                               JOB + data + ring
 *   … IDLE                                    the job's data channel was closed, phone kept
 *                               JOB …         next job on the same phone
 *                               FINISH        let the phone go
 *   DONE                                      and exits
 *
 * RELEASE instead of CONNECT lets a phone go that is in its command loop. FAIL from a worker is
 * final: it has tried to leave the phone well, DONE follows (unless it crashed), then it exits.
 * ALIVE comes at least every 10 s while nothing else is sent.
 *
 * A backup job, on the data channel (the keeper pulls, the worker serves):
 *
 *   worker                      keeper
 *   FACTS, REGION…, PART…, CHECK…, END        everything known about the phone
 *                               READ          up to VERB_READS_MAX outstanding, served in order
 *   CHUNK…                      FREE…         slots change hands
 *   READ_DONE | READ_FAIL
 *                               ABORT         stop the current read at the next packet border,
 *   READ_FAIL Canceled                        forget the others: each is answered
 *                               (closes)      done; the worker answers IDLE to the daemon
 *
 * CHUNK messages of one READ rise without holes from its OFFSET, each of RING_SLOT_SIZE bytes but
 * the last. */

enum { VERB_READS_MAX = 8, VERB_ALIVE_SECONDS = 10 };

/* ---- worker -> daemon ---- */
#define VERB_READY "READY"
#define VERB_PHASE "PHASE" /* PHASE= connect handshake identify agent storage idle reading finish */
/* HW_CODE HW_SUB HW_VER SW_VER (hex numbers 0x…), CHIP (name, "" unknown), MODE (preloader, brom,
 * agent), BL_VER, TARGET_CONFIG (0x…), optional ME_ID SOC_ID (hex; absent when all 00 or FF),
 * PROTOCOL (xflash legacy xml, "" unknown) */
#define VERB_IDENTITY "IDENTITY"
/* KIND= agent, or preloader: a phone in boot ROM mode, for its memory settings. HW_CODE DA_CODE
 * HW_VER SW_VER CHIP */
#define VERB_NEED_AGENT "NEED_AGENT"
/* TYPE (emmc ufs nand nor), BLOCK_SIZE, of NAND PAGE_SIZE and SPARE_SIZE (bytes), CID (hex, absent
 * when none), FW_VERSION (hex), SRAM DRAM (bytes), DA_VERSION, USB_SPEED, RPMB_KEY, BATTERY_MV,
 * PTABLE (gpt gpt-backup pmt mbr agent none), PROTOCOL (of the agent that runs) */
#define VERB_STORAGE "STORAGE"
/* The phone is leaving the bus and will be back on the same port under another id, its program goes
 * on: the next node there is this session's. TEXT= what the person must do for that, "" nothing. */
#define VERB_NEED_REPLUG "NEED_REPLUG"
#define VERB_IDLE "IDLE"
#define VERB_ACTION "ACTION" /* TEXT= what the person must do now, "" nothing any more */
#define VERB_LOG "LOG"       /* LEVEL TEXT: a line for the job's log; also keeper -> daemon */
#define VERB_ALIVE "ALIVE"   /* also keeper -> daemon */
#define VERB_FAIL "FAIL"     /* ERROR PHASE STATUS TEXT HINT; also keeper -> daemon */
/* worker: LEFT= rebooted, off, released, gone, stuck (how the phone was left);
 * keeper: RESULT= complete, complete-with-errors, done, canceled; BACKUP when there is one */
#define VERB_DONE "DONE"

/* ---- daemon -> worker ---- */
#define VERB_CONNECT "CONNECT" /* CHIP= name: what a phone of no known chip is tried as */
#define VERB_AGENT "AGENT"     /* fd: file of that kind; NAME, SHA256 of it; no fd: there is none */
#define VERB_REPLUG "REPLUG"   /* fd: the usbfs node at which the phone is back */
#define VERB_JOB "JOB"         /* fds: data channel, ring memfd; JOB= id */
#define VERB_RELEASE "RELEASE"
#define VERB_FINISH "FINISH" /* ACTION= reboot, off */

/* ---- keeper <-> worker (data) ---- */
/* One of each key of IDENTITY and STORAGE, and AGENT_NAME AGENT_SHA256 AGENT_VERSION LIBUSB,
 * DISK_GUID (hex of 16 bytes as on disk), PTABLE PRIMARY_OK BACKUP_OK EQUAL (0, 1) */
#define VERB_FACTS "FACTS"
/* REGION (EMMC_USER…), ID (section number on the wire), SIZE, READABLE (0, 1); also to the daemon */
#define VERB_REGION "REGION"
/* NAME REGION OFFSET SIZE, optional TYPE_GUID UNIQUE_GUID (hex, on-disk order), ATTRS; in table
 * order; what no PART covers the keeper adds as gaps */
#define VERB_PART "PART"
#define VERB_CHECK "CHECK" /* NAME RESULT (pass fail skip) DETAIL */
#define VERB_END "END"
#define VERB_READ "READ"           /* TAG REGION OFFSET LENGTH (bytes; whole blocks) */
#define VERB_CHUNK "CHUNK"         /* TAG SLOT OFFSET LENGTH */
#define VERB_FREE "FREE"           /* SLOT */
#define VERB_READ_DONE "READ_DONE" /* TAG */
#define VERB_READ_FAIL                                                                             \
        "READ_FAIL" /* TAG OFFSET ERROR STATUS TEXT: offset of the first byte not read */
#define VERB_ABORT "ABORT"

/* ---- daemon -> keeper ---- */
/* OP and its keys, first message to a keeper:
 *   open      make or check the store, remove interrupted sessions     -> BACKUP…, DONE
 *   backup    fds: data, ring; JOB PROFILE PROFILE_SHA256 NAME REQUESTED_BY USB_PATH,
 *             AREAS PARTITIONS EXCLUDE (comma lists, may be absent), KIND (full critical selection)
 *             VERIFY (1: STORE step 8)                                  -> PLAN ITEM BYTES …, DONE
 *   verify    BACKUP, LEVEL (structure data)                            -> BYTES DAMAGED…, DONE
 *   export    fd: output; BACKUP PART FORMAT (raw rom simg zst map manifest) -> BYTES DONE
 *             raw: PART is a part; rom: a region; manifest: there is none
 *   parts     BACKUP                                                    -> PART…, DONE
 *   delete    BACKUP                                                    -> DONE
 *   agent     fds: container file, optional empty output file           -> ENTRY…, DONE
 *             The container is read once into memory, checked there, and those same bytes are
 *             written to the output and fsynced. DONE carries SHA256 and SIZE of the container.
 * The last needs no store descriptor.
 *
 * A keeper whose data channel ends although it neither closed it nor was told CANCEL reports
 * FAIL ERROR=Interrupted: what happened is for the worker to say, and the daemon puts the worker's
 * cause in its place. */
#define VERB_RUN "RUN"
#define VERB_CANCEL "CANCEL"

/* ---- keeper -> daemon ---- */
/* PHASE=, as from a worker: reading committing verifying (STORE 5 step 8). From the step after the
 * commit rename on, CANCEL is too late and is ignored. */
#define VERB_PLAN "PLAN" /* BYTES ITEMS */
#define VERB_ITEM "ITEM" /* INDEX (from 0) NAME SIZE */
/* BYTES (done) TOTAL DURABLE; at most 10 a second. The critical set is counted as often as it is
 * read; after PHASE=verifying the count starts again, over what is read back from the disk. */
#define VERB_BYTES "BYTES"
/* A backup that exists: BACKUP DEVICE_KEY SEQ KIND RESULT CHIP PROFILE NAME START END (µs since
 * 1970) SIZE NEW_BYTES STORED PARTS VERIFIED (ok, damaged, "") VERIFIED_AT REQUESTED_BY PATH */
#define VERB_BACKUP "BACKUP"
#define VERB_COMMITTED "COMMITTED" /* same keys: it was just renamed into place and is durable */
#define VERB_REMOVED "REMOVED"     /* BACKUP: moved to the trash */
#define VERB_DAMAGED "DAMAGED" /* BACKUP PART OFFSET SIZE TEXT; also without PART: whole backup */
/* PART in answer to "parts": NAME REGION OFFSET SIZE CLASS STATUS SHA256. NAME is the part's file
 * name in the store: unique in a backup, plain ASCII, never a path whatever the phone called it; it
 * names the part in "export", too. SHA256 is absent for a part without an image. */
/* PROTOCOL preloader: HW_CODE 0, no agent but a preloader with memory settings */
#define VERB_ENTRY "ENTRY" /* HW_CODE HW_SUB HW_VER SW_VER PROTOCOL DESCRIPTION STAGES TEXT */
