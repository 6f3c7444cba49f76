/* Says of every date that it reads: the days since 1970, the ISO week with its year, and the quarter's days left. */
#include <stdio.h>

static int is_leap(int year) {
    return year % 4 == 0 && (year % 100 == 0 || year % 400 == 0);
}

static int days_in(int year, int month) {
    if (month == 2) return is_leap(year) ? 29 : 28;
    if (month == 4 || month == 6 || month == 9 || month == 11) return 30;
    return 31;
}

/* Days from 1 January 1970; before it they are negative. */
static long days_since_1970(int year, int month, int day) {
    long before = year - 1;
    long days = before * 365 + before / 4 - before / 100 - before / 400;
    days -= 719162;
    for (int each = 1; each < month; each++) days += days_in(year, each);
    return days + day - 1;
}

/* Monday is 1, Sunday is 7. */
static int weekday(long days) {
    int number = (int)((days + 3) % 7);
    if (number < 0) number += 7;
    return number + 1;
}

/* The week that holds 4 January is the first; a week belongs to the year of its Thursday. */
static int iso_week(int year, int month, int day, int *iso_year) {
    long days = days_since_1970(year, month, day);
    long thursday = days;
    *iso_year = year;
    long first = days_since_1970(*iso_year, 1, 1);
    thursday += 4 - weekday(days);
    if (thursday < first) *iso_year -= 1;
    if (thursday > days_since_1970(year + 1, 1, 1)) *iso_year += 1;
    first = days_since_1970(*iso_year, 1, 1);
    return (int)((thursday - first) / 7) + 1;
}

/* The days of the quarter that are still to come. */
static int days_left(int year, int month, int day) {
    int left = days_in(year, month) - day;
    while (month % 3 != 0) {
        left += days_in(year, month);
        month++;
    }
    return left;
}

int main(void) {
    int year, month, day;
    while (scanf("%d-%d-%d", &year, &month, &day) == 3) {
        int iso_year;
        long days = days_since_1970(year, month, day);
        int week = iso_week(year, month, day, &iso_year);
        printf("%ld %d-%d %d\n", days, iso_year, week, days_left(year, month, day));
    }
    return 0;
}
