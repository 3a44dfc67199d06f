/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/error.h"
#include "client/help.h"
#include "client/output.h"

/* Help fits every terminal: its lines are broken here, not where the texts are written. */
enum { LEFT_WIDTH = 24, HELP_WIDTH = 80 };

static const char *const group_titles[_GROUP_MAX] = {
        [GROUP_JOBS] = "Phones and jobs",
        [GROUP_BACKUPS] = "Backups",
        [GROUP_SETUP] = "Setting up",
        [GROUP_FILES] = "Files, without the service",
};

/* Prints the words of a text from this column on; further lines begin behind the indent. */
static void flow(const char *text, size_t length, size_t column, size_t indent)
{
        bool first = true;

        for (size_t n; length > 0; text += n, length -= n) {
                char word[200];
                size_t blanks = strspn(text, " \n");
                if (blanks >= length)
                        break;
                text += blanks;
                length -= blanks;
                n = MIN(MIN(strcspn(text, " \n"), length), sizeof(word) - 1);
                snprintf(word, sizeof(word), "%.*s", (int)n, text);
                size_t width = text_width(word);
                if (!first && column + 1 + width > HELP_WIDTH) {
                        printf("\n%*s", (int)indent, "");
                        column = indent;
                        first = true;
                }
                printf("%s%s", first ? "" : " ", word);
                column += width + !first;
                first = false;
        }
        putchar('\n');
}

static void row(const char *left, const char *right)
{
        enum { RIGHT = LEFT_WIDTH + 3 };
        int pad = LEFT_WIDTH - (int)text_width(left);

        if (pad >= 0) {
                printf("  %s%*s ", left, pad, "");
        } else {
                printf("  ");
                flow(left, strlen(left), 2, RIGHT);
                printf("%*s", RIGHT, "");
        }
        flow(right, strlen(right), RIGHT, RIGHT);
}

/* Where the paragraph ends that begins here: at an empty line, or at an item of a list, which is a
 * word and, apart from it, what it means. ret_term: length of that word with the blanks, 0 none. */
static size_t paragraph(const char *text, size_t *ret_term)
{
        size_t length = strcspn(text, "\n"), word = strcspn(text, " \n"),
               blanks = strspn(text + word, " ");

        *ret_term = blanks > 1 ? word + blanks : 0;
        while (length > 0 && text[length] && text[length + 1] && text[length + 1] != '\n') {
                const char *line = text + length + 1;
                word = strcspn(line, " \n");
                if (strspn(line + word, " ") > 1)
                        break;
                length += 1 + strcspn(line, "\n");
        }
        return length;
}

static void paragraphs_print(const char *text)
{
        while (*text) {
                size_t term, length = paragraph(text, &term);
                if (length > 0) {
                        printf("%.*s", (int)term, text);
                        flow(text + term, length - term, term, term);
                } else {
                        putchar('\n');
                }
                text += length + (text[length] == '\n');
        }
}

static void options_print(const char *title, const Option *options)
{
        printf("\n%s:\n", title);
        for (const Option *o = options; o->name; o++) {
                char left[80];
                int n = o->letter ? snprintf(left, sizeof(left), "-%c, ", o->letter)
                                  : snprintf(left, sizeof(left), "    ");
                snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", o->name, o->arg ? "=" : "",
                        o->arg ?: "");
                row(left, o->help);
        }
}

static json_t *options_json(const Option *options)
{
        json_t *list = json_array();
        for (const Option *o = options; o && o->name; o++) {
                json_t *j = json_pack(
                        "{s:s, s:s*, s:s}", "name", o->name, "arg", o->arg, "help", o->help);
                if (o->letter)
                        json_object_set_new(j, "letter", json_stringn(&o->letter, 1));
                json_array_append_new(list, j);
        }
        return list;
}

static json_t *verb_json(const Verb *v)
{
        return json_pack("{s:s, s:s*, s:s, s:s, s:s*, s:b, s:o}", "name", v->name, "group",
                group_titles[v->group], "synopsis", v->synopsis ?: "", "summary", v->summary,
                "help", v->help, "needs_service", v->needs_bus, "options",
                options_json(v->options));
}

static int help_json(void)
{
        json_t *list = json_array(), *codes = json_array();

        for (const Verb *const *v = verbs; *v; v++)
                json_array_append_new(list, verb_json(*v));
        for (const ExitCode *e = exit_codes; e->code >= 0; e++)
                json_array_append_new(codes,
                        json_pack("{s:i, s:s, s:s}", "code", e->code, "name", e->name, "meaning",
                                e->meaning));
        return out_json(json_pack("{s:s, s:o, s:o, s:o}", "version", VERSION, "verbs", list,
                "options", options_json(common_options), "exit_codes", codes));
}

int help_program(void)
{
        if (arg_json)
                return help_json();
        printf("Usage: mtkbackupctl [OPTION…] [VERB] [ARGUMENT…]\n\n");
        paragraphs_print("Back up MediaTek phones with the mtkbackupd service, and work with what "
                         "was saved.");
        for (int g = 0; g < GROUP_HIDDEN; g++) {
                printf("\n%s:\n", group_titles[g]);
                for (const Verb *const *v = verbs; *v; v++) {
                        char left[200];
                        if ((*v)->group != (VerbGroup)g)
                                continue;
                        snprintf(left, sizeof(left), "%s %s", (*v)->name, (*v)->synopsis ?: "");
                        row(left, (*v)->summary);
                }
        }
        options_print("Options of every verb", common_options);
        printf("\nExit codes:\n");
        for (const ExitCode *e = exit_codes; e->code >= 0; e++) {
                char left[16];
                snprintf(left, sizeof(left), "%d", e->code);
                row(left, e->meaning);
        }
        printf("\n“mtkbackupctl VERB --help” explains a verb; mtkbackupctl(1) has examples.\n");
        return EXIT_OK;
}

int help_verb(const Verb *verb)
{
        if (arg_json)
                return out_json(verb_json(verb));
        char usage[200];
        snprintf(usage, sizeof(usage), "Usage: mtkbackupctl %s %s", verb->name,
                verb->synopsis ?: "");
        flow(usage, strlen(usage), 0, strlen("Usage: "));
        printf("\n%c%s.\n",
                verb->summary[0] >= 'a' && verb->summary[0] <= 'z' ? verb->summary[0] - 32
                                                                   : verb->summary[0],
                verb->summary + 1);
        if (verb->help) {
                putchar('\n');
                paragraphs_print(verb->help);
        }
        if (verb->options)
                options_print("Options", verb->options);
        options_print("Options of every verb", common_options);
        return EXIT_OK;
}

int help_version(void)
{
        if (arg_json)
                return out_json(
                        json_pack("{s:s, s:s}", "program", "mtkbackupctl", "version", VERSION));
        printf("mtkbackupctl %s\n", VERSION);
        return EXIT_OK;
}
