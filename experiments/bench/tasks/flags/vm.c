/* A small stack machine and five programs for it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum op { PUSH, LOAD, STORE, ADD, SUB, MUL, DIV, MOD, LESS, EQUAL, JUMP, JUMP_IF_NOT, PRINT, HALT };

typedef struct {
    int64_t stack[64];
    int64_t memory[32];
    int depth;
} machine;

static void push(machine *m, int64_t value) {
    if (m->depth >= 64) {
        fprintf(stderr, "stack overflow\n");
        exit(1);
    }
    m->stack[m->depth++] = value;
}

static int64_t pop(machine *m) {
    if (m->depth <= 0) {
        fprintf(stderr, "stack underflow\n");
        exit(1);
    }
    return m->stack[--m->depth];
}

static int64_t binary(enum op op, int64_t a, int64_t b) {
    switch (op) {
    case ADD: return a + b;
    case SUB: return a - b;
    case MUL: return a * b;
    case DIV: return b ? a / b : 0;
    case MOD: return b ? a % b : 0;
    case LESS: return a < b;
    case EQUAL: return a == b;
    default: return 0;
    }
}

static void execute(machine *m, const int64_t *code, const char *name) {
    int at = 0;
    for (;;) {
        int64_t op = code[at++];
        int64_t a, b;
        switch (op) {
        case PUSH: push(m, code[at++]); break;
        case LOAD: push(m, m->memory[code[at++]]); break;
        case STORE: m->memory[code[at++]] = pop(m); break;
        case JUMP: at = (int)code[at]; break;
        case JUMP_IF_NOT:
            a = code[at++];
            if (!pop(m)) at = (int)a;
            break;
        case PRINT: printf("%s %lld\n", name, (long long)pop(m)); break;
        case HALT: return;
        default:
            b = pop(m);
            a = pop(m);
            push(m, binary((enum op)op, a, b));
        }
    }
}

static const int64_t sum[] = {PUSH, 0, STORE, 0, PUSH, 1, STORE, 1, PUSH, 1000, LOAD, 1, LESS, JUMP_IF_NOT, 19,
    LOAD, 0, PRINT, HALT, LOAD, 0, LOAD, 1, ADD, STORE, 0, LOAD, 1, PUSH, 1, ADD, STORE, 1, JUMP, 8};

static int is_prime(int n) {
    if (n < 2) return 0;
    for (int d = 2; d * d <= n; d++)
        if (n % d == 0) return 0;
    return 1;
}

static int count_primes(int below) {
    int count = 0;
    for (int n = 0; n < below; n++) count += is_prime(n);
    return count;
}

static int64_t fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static int longest_collatz(int below) {
    int best = 0;
    for (int start = 1; start < below; start++) {
        int64_t n = start;
        int steps = 0;
        while (n != 1) {
            n = n % 2 ? 3 * n + 1 : n / 2;
            steps++;
        }
        if (steps > best) best = steps;
    }
    return best;
}

static uint32_t hash(const char *text) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < strlen(text); i++) {
        h ^= (uint8_t)text[i];
        h *= 16777619u;
    }
    return h;
}

int main(void) {
    machine m;
    memset(&m, 0, sizeof m);
    execute(&m, sum, "sum");
    printf("primes %d\n", count_primes(2000));
    printf("fib %lld\n", (long long)fib(20));
    printf("collatz %d\n", longest_collatz(1000));
    printf("hash %u\n", hash("the quick brown fox jumps over the lazy dog"));
    return 0;
}
