/* Counts the words of a text and prints the most frequent ones: words [TEXT [HOW_MANY]].
 *
 * A word is a run of letters, in lower case; ties stand in the order of the alphabet.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024      /* kapso: 64..1048576 log int */
#define LONGEST 64
#define HASH_START 5381
#define HASH_FACTOR 33    /* kapso: 3..65599 log int */

struct entry {
    struct entry *next;
    long count;
    char word[];
};

static struct entry *buckets[BUCKETS];
static size_t distinct;

static unsigned long hash(const char *word)
{
    unsigned long value = HASH_START;
    for (; *word; word++)
        value = value * HASH_FACTOR + (unsigned char)*word;
    return value;
}

static void add(const char *word)
{
    struct entry **place = &buckets[hash(word) % BUCKETS];
    for (; *place; place = &(*place)->next) {
        if (strcmp((*place)->word, word) == 0) {
            (*place)->count++;
            return;
        }
    }
    size_t length = strlen(word) + 1;
    struct entry *fresh = malloc(sizeof *fresh + length);
    if (!fresh) {
        perror("words");
        exit(1);
    }
    memcpy(fresh->word, word, length);
    fresh->count = 1;
    fresh->next = NULL;
    *place = fresh;
    distinct++;
}

static int by_count(const void *a, const void *b)
{
    const struct entry *left = *(struct entry *const *)a, *right = *(struct entry *const *)b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return strcmp(left->word, right->word);
}

int main(int argc, char **argv)
{
    FILE *text = argc > 1 ? fopen(argv[1], "rb") : stdin;
    size_t wanted = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
    char word[LONGEST + 1];
    size_t length = 0;
    int c;
    if (!text) {
        perror(argv[1]);
        return 1;
    }
    while ((c = fgetc(text)) != EOF) {
        if (isalpha(c)) {
            if (length < LONGEST)
                word[length++] = (char)tolower(c);
        } else if (length > 0) {
            word[length] = '\0';
            add(word);
            length = 0;
        }
    }
    if (length > 0) {
        word[length] = '\0';
        add(word);
    }

    struct entry **sorted = malloc((distinct + 1) * sizeof *sorted);
    size_t count = 0;
    for (size_t bucket = 0; bucket < BUCKETS; bucket++)
        for (struct entry *each = buckets[bucket]; each; each = each->next)
            sorted[count++] = each;
    qsort(sorted, count, sizeof *sorted, by_count);
    for (size_t place = 0; place < count && place < wanted; place++)
        printf("%ld %s\n", sorted[place]->count, sorted[place]->word);
    return 0;
}
