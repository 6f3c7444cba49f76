// Plants a garden: garden < CASE > PLAN. The rules stand in README.md.
//
// Greedy by what each bed is worth on its own, then simulated annealing over changed and swapped beds.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <vector>

namespace {

constexpr int kSteps = 600000;
constexpr double kHot = 12.0;
constexpr double kCold = 0.8;
constexpr double kSwapShare = 0.5;
constexpr double kNeighbourWeight = 1.0;
constexpr int kNearby = 8;

struct Random {
    uint64_t state = 88172645463325252ULL;
    uint64_t next() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    }
    int below(int n) { return static_cast<int>(next() % static_cast<uint64_t>(n)); }
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
};

struct Garden {
    int size = 0, plants = 0;
    std::vector<int> least, most;              // beds that a plant needs, and may have
    std::vector<std::vector<int>> likes;       // what two plants side by side are worth
    std::vector<std::vector<int>> worth;       // plant -> bed -> what it yields there
    std::vector<int> plan, count;              // bed -> plant, plant -> beds

    void read(std::istream& in) {
        in >> size >> plants;
        least.resize(plants), most.resize(plants);
        for (int p = 0; p < plants; p++) in >> least[p] >> most[p];
        likes.assign(plants, std::vector<int>(plants));
        for (auto& row : likes)
            for (int& value : row) in >> value;
        worth.assign(plants, std::vector<int>(size * size));
        for (auto& field : worth)
            for (int& value : field) in >> value;
        plan.assign(size * size, -1);
        count.assign(plants, 0);
    }

    void put(int bed, int plant) {
        if (plan[bed] >= 0) count[plan[bed]]--;
        plan[bed] = plant;
        count[plant]++;
    }

    // The beds that are worth most go first; what a plant still needs is kept free for it.
    void greedy() {
        std::vector<int> order(size * size);
        std::iota(order.begin(), order.end(), 0);
        auto top = [&](int bed) {
            int best = worth[0][bed];
            for (int p = 1; p < plants; p++) best = std::max(best, worth[p][bed]);
            return best;
        };
        std::sort(order.begin(), order.end(), [&](int a, int b) { return top(a) > top(b); });
        int left = size * size;
        for (int bed : order) {
            int needed = 0;
            for (int p = 0; p < plants; p++) needed += std::max(0, least[p] - count[p]);
            int chosen = -1;
            for (int p = 0; p < plants; p++) {
                if (count[p] >= most[p] || (needed >= left && count[p] >= least[p])) continue;
                if (chosen < 0 || worth[p][bed] > worth[chosen][bed]) chosen = p;
            }
            put(bed, chosen);
            left--;
        }
    }

    int around(int bed, int plant, int without) const {
        int x = bed % size, y = bed / size, sum = 0;
        if (x > 0 && bed - 1 != without) sum += likes[plant][plan[bed - 1]];
        if (x < size - 1 && bed + 1 != without) sum += likes[plant][plan[bed + 1]];
        if (y > 0 && bed - size != without) sum += likes[plant][plan[bed - size]];
        if (y < size - 1 && bed + size != without) sum += likes[plant][plan[bed + size]];
        return sum;
    }

    double gain(int bed, int plant, int without) const {
        int old = plan[bed];
        double own = worth[plant][bed] - worth[old][bed];
        return own + kNeighbourWeight * (around(bed, plant, without) - around(bed, old, without));
    }

    int near(int bed, Random& random) const {
        int x = bed % size + random.below(2 * kNearby + 1) - kNearby;
        int y = bed / size + random.below(2 * kNearby + 1) - kNearby;
        x = std::clamp(x, 0, size - 1);
        y = std::clamp(y, 0, size - 1);
        return y * size + x;
    }

    void anneal(Random& random) {
        for (int step = 0; step < kSteps; step++) {
            double done = static_cast<double>(step) / kSteps;
            double heat = kHot * std::pow(kCold / kHot, done);
            int bed = random.below(size * size);
            if (random.unit() < kSwapShare) {
                int other = near(bed, random);
                int mine = plan[bed], theirs = plan[other];
                if (mine == theirs) continue;
                double change = gain(bed, theirs, other) + gain(other, mine, bed);
                if (change >= 0 || random.unit() < std::exp(change / heat)) {
                    plan[bed] = theirs;
                    plan[other] = mine;
                }
            } else {
                int plant = random.below(plants);
                if (plant == plan[bed] || count[plant] >= most[plant] || count[plan[bed]] <= least[plan[bed]])
                    continue;
                double change = gain(bed, plant, -1);
                if (change >= 0 || random.unit() < std::exp(change / heat)) put(bed, plant);
            }
        }
    }
};

}  // namespace

int main() {
    std::ios::sync_with_stdio(false);
    Garden garden;
    Random random;
    garden.read(std::cin);
    garden.greedy();
    garden.anneal(random);
    for (int y = 0; y < garden.size; y++)
        for (int x = 0; x < garden.size; x++)
            std::cout << garden.plan[y * garden.size + x] << (x + 1 < garden.size ? ' ' : '\n');
}
