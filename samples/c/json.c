// A JSON tool. The first line of standard input is a query, the rest a document:
//   .                 the whole document
//   .name  [3]        a member, an element, one behind the other
//   .*                all elements or values, one after the other
// Each value found is printed with two spaces of indentation; `#` at the end of the query prints how many elements it has.
// Exit codes: 0 found, 1 nothing found, 2 the document is no JSON, 3 the query is no query.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { LITERAL, STRING, ARRAY, OBJECT };
struct value {
    enum kind kind;
    const char *text;      // of a literal or a string, quotes included
    size_t length;
    struct value *first;   // of an array or object
    struct value *next;    // in the same array or object
    const char *name;      // of a member, quotes included
    size_t name_length;
};

static const char *start, *at, *end;
static int depth, found;

static void fail(const char *why) {
    printf("not JSON: %s at byte %d\n", why, (int)(at - start));
    exit(2);
}

static void blank(void) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
}

static int digits(void) {
    const char *first = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at > first;
}

static void number(void) {
    if (*at == '-')
        at++;
    if (at < end && *at == '0')
        at++;
    else if (!digits())
        fail("a number without digits");
    if (at < end && *at == '.') {
        at++;
        if (!digits())
            fail("a fraction without digits");
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (!digits())
            fail("an exponent without digits");
    }
}

static void string(void) {
    for (at++; at < end && *at != '"'; at++) {
        if ((unsigned char)*at < ' ')
            fail("a control character in a string");
        if (*at == '\\') {
            if (++at == end || !strchr("\"\\/bfnrtu", *at))
                fail("an unknown escape");
            if (*at == 'u')
                for (int i = 0; i < 4; i++)
                    if (++at >= end || !strchr("0123456789abcdefABCDEF", *at))
                        fail("a bad escape");
        }
    }
    if (at >= end)
        fail("a string without end");
    at++;
}

static struct value *parse(void);

static void members(struct value *value, char close) {
    struct value **last = &value->first;
    at++;
    blank();
    if (at < end && *at == close) {
        at++;
        return;
    }
    for (;;) {
        const char *name = at;
        size_t length = 0;
        if (value->kind == OBJECT) {
            blank();
            name = at;
            if (at >= end || *at != '"')
                fail("a member without a name");
            string();
            length = at - name;
            blank();
            if (at >= end || *at != ':')
                fail("a member without a colon");
            at++;
        }
        *last = parse();
        (*last)->name = name;
        (*last)->name_length = length;
        last = &(*last)->next;
        if (at < end && *at == ',') {
            at++;
            continue;
        }
        if (at >= end || *at != close)
            fail("a missing comma or bracket");
        at++;
        return;
    }
}

static struct value *parse(void) {
    struct value *value = calloc(1, sizeof *value);
    if (!value || ++depth > 500)
        fail("too deep or too large");
    blank();
    if (at >= end)
        fail("an early end");
    value->text = at;
    if (*at == '{' || *at == '[') {
        value->kind = *at == '{' ? OBJECT : ARRAY;
        members(value, *at == '{' ? '}' : ']');
    } else if (*at == '"') {
        value->kind = STRING;
        string();
    } else if (*at == '-' || (*at >= '0' && *at <= '9')) {
        number();
    } else {
        static const char *const words[] = {"true", "false", "null"};
        const char *word = at;
        for (int i = 0; i < 3; i++) {
            size_t length = strlen(words[i]);
            if (at == word && (size_t)(end - at) >= length && !memcmp(at, words[i], length))
                at += length;
        }
        if (at == word)
            fail("an unknown word");
    }
    value->length = at - value->text;
    depth--;
    blank();
    return value;
}

static void indent(int level) {
    while (level-- > 0)
        fputs("  ", stdout);
}

static void print(const struct value *value, int level) {
    if (value->kind < ARRAY || !value->first) {
        if (value->kind < ARRAY)
            fwrite(value->text, 1, value->length, stdout);
        else
            fputs(value->kind == ARRAY ? "[]" : "{}", stdout);
        return;
    }
    fputs(value->kind == ARRAY ? "[\n" : "{\n", stdout);
    for (const struct value *item = value->first; item; item = item->next) {
        indent(level + 1);
        if (value->kind == OBJECT) {
            fwrite(item->name, 1, item->name_length, stdout);
            fputs(": ", stdout);
        }
        print(item, level + 1);
        fputs(item->next ? ",\n" : "\n", stdout);
    }
    indent(level);
    putchar(value->kind == ARRAY ? ']' : '}');
}

static void query(const struct value *value, const char *path) {
    if (*path == '#') {
        int count = 0;
        for (const struct value *item = value->first; item; item = item->next)
            count++;
        printf("%d\n", count);
        found++;
    } else if (!*path || !strcmp(path, ".")) {
        print(value, 0);
        putchar('\n');
        found++;
    } else if (path[0] == '.' && path[1] == '*') {
        for (const struct value *item = value->first; item; item = item->next)
            query(item, path + 2);
    } else if (*path == '.' && path[1]) {
        size_t length = strcspn(++path, ".[#");
        for (const struct value *item = value->kind == OBJECT ? value->first : NULL; item; item = item->next)
            if (item->name_length == length + 2 && !memcmp(item->name + 1, path, length))
                query(item, path + length);
    } else if (*path == '[') {
        int index = atoi(path + 1);
        const char *rest = strchr(path, ']');
        if (!rest)
            exit(3);
        for (const struct value *item = value->kind == ARRAY ? value->first : NULL; item; item = item->next)
            if (index-- == 0)
                query(item, rest + 1);
    } else {
        exit(3);
    }
}

int main(void) {
    size_t size = 0, room = 1 << 14;
    char *text = malloc(room + 1);
    for (size_t got; text && (got = fread(text + size, 1, room - size, stdin)) > 0;)
        if ((size += got) == room)
            text = realloc(text, (room *= 2) + 1);
    if (!text)
        return 2;
    text[size] = 0;
    char *line = strchr(text, '\n');
    if (!line)
        return 3;
    *line = 0;
    start = at = line + 1;
    end = text + size;
    struct value *value = parse();
    if (at != end)
        fail("something after the end");
    query(value, text);
    return found ? 0 : 1;
}
