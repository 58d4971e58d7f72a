// The lines of standard input in the order of their bytes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int order(const void *left, const void *right) { return strcmp(*(char *const *)left, *(char *const *)right); }

int main(void) {
    size_t size = 0, room = 1 << 14, count = 0;
    char *text = malloc(room + 2);
    for (size_t got; text && (got = fread(text + size, 1, room - size, stdin)) > 0;)
        if ((size += got) == room)
            text = realloc(text, (room *= 2) + 2);
    if (!text)
        return 2;
    if (size && text[size - 1] != '\n')
        text[size++] = '\n';
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    char **lines = malloc((count + 1) * sizeof *lines);
    if (!lines)
        return 2;
    char *start = text;
    for (size_t i = 0; i < count; i++) {
        char *stop = memchr(start, '\n', text + size - start);
        *stop = 0;
        lines[i] = start;
        start = stop + 1;
    }
    qsort(lines, count, sizeof *lines, order);
    for (size_t i = 0; i < count; i++)
        puts(lines[i]);
    return 0;
}
