package dev.culebra.emulator.exec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * A function's control flow: for each branch, where the lanes that it divides meet again, which is its immediate
 * post-dominator. The post-dominators are those of the paths that reach the last exit in the text; a path that ends at
 * an earlier one joins nobody, and must not keep the others from meeting.
 */
final class Cfg {

    private final List<Op> ops;
    private final Map<String, Integer> labels;
    /** First op of each block, and one past the last op at the end. */
    private int[] starts;
    private int[] blockOf;
    private List<List<Integer>> successors;

    Cfg(List<Op> ops, Map<String, Integer> labels) {
        this.ops = ops;
        this.labels = labels;
        findBlocks();
    }

    private void findBlocks() {
        boolean[] leader = new boolean[ops.size() + 1];
        leader[0] = true;
        labels.values().forEach(at -> leader[at] = true);
        for (int i = 0; i < ops.size(); i++) {
            if (ops.get(i) instanceof Branching.Ends) {
                leader[i + 1] = true;
            }
        }
        leader[ops.size()] = false;
        int n = 0;
        starts = new int[ops.size() + 1];
        blockOf = new int[ops.size() + 1];
        for (int i = 0; i < ops.size(); i++) {
            if (leader[i]) {
                starts[n++] = i;
            }
            blockOf[i] = n - 1;
        }
        starts = Arrays.copyOf(starts, n + 1);
        starts[n] = ops.size();
        successors = new ArrayList<>();
        for (int b = 0; b < n; b++) {
            List<Integer> to = new ArrayList<>();
            Op last = ops.get(starts[b + 1] - 1);
            if (last instanceof Branching.Ends e) {
                e.labels().forEach(l -> to.add(blockOf[labels.get(l)]));
            }
            boolean through = !(last instanceof Branching.Ends e) || e.mayFallThrough();
            if (through && b + 1 < n) {
                to.add(b + 1);
            }
            successors.add(to);
        }
    }

    /**
     * Where the branches' lanes meet.
     *
     * @return for each op that is a branch the index of the op they meet before, or -1
     */
    int[] rejoins() {
        int n = starts.length - 1;
        int[] dominator = postDominators(n);
        int[] rejoins = new int[ops.size()];
        Arrays.fill(rejoins, -1);
        for (int b = 0; b < n; b++) {
            int last = starts[b + 1] - 1;
            if (ops.get(last) instanceof Branching.Ends e && !e.labels().isEmpty() && dominator[b] >= 0
                    && dominator[b] != b) {
                rejoins[last] = starts[dominator[b]];
            }
        }
        return rejoins;
    }

    /** Whether a block ends in a trap: no lane ever leaves by it. */
    private boolean fails(int block) {
        return ops.get(starts[block + 1] - 1) instanceof Branching.Ends e && e.fails();
    }

    /** Cooper, Harvey and Kennedy's iteration on the reversed graph, from the last exit; -1 for what does not reach it. */
    private int[] postDominators(int n) {
        int[] dominator = new int[n];
        Arrays.fill(dominator, -1);
        int[] reached = new int[n];
        Arrays.fill(reached, -1);
        postorder(0, successors, reached, new ArrayList<>());
        int exit = n - 1;
        while (exit >= 0 && (!successors.get(exit).isEmpty() || reached[exit] < 0 || fails(exit))) {
            exit--;
        }
        if (exit < 0) {
            return dominator;
        }
        List<List<Integer>> predecessors = new ArrayList<>();
        for (int b = 0; b < n; b++) {
            predecessors.add(new ArrayList<>());
        }
        for (int b = 0; b < n; b++) {
            for (int s : successors.get(b)) {
                predecessors.get(s).add(b);
            }
        }
        List<Integer> order = new ArrayList<>();
        int[] number = new int[n];
        Arrays.fill(number, -1);
        postorder(exit, predecessors, number, order);
        Collections.reverse(order);
        dominator[exit] = exit;
        for (boolean changed = true; changed;) {
            changed = false;
            for (int b : order) {
                if (b == exit) {
                    continue;
                }
                int d = -1;
                for (int s : successors.get(b)) {
                    if (dominator[s] >= 0) {
                        d = d < 0 ? s : meet(d, s, dominator, number);
                    }
                }
                if (d != dominator[b]) {
                    dominator[b] = d;
                    changed = true;
                }
            }
        }
        return dominator;
    }

    /** Numbers what reaches {@code root}, each after what it was found through; without recursion, for functions are long. */
    private static void postorder(int root, List<List<Integer>> next, int[] number, List<Integer> order) {
        int[] child = new int[next.size()];
        boolean[] seen = new boolean[next.size()];
        java.util.ArrayDeque<Integer> stack = new java.util.ArrayDeque<>();
        stack.push(root);
        seen[root] = true;
        while (!stack.isEmpty()) {
            int b = stack.peek();
            if (child[b] < next.get(b).size()) {
                int c = next.get(b).get(child[b]++);
                if (!seen[c]) {
                    seen[c] = true;
                    stack.push(c);
                }
            } else {
                stack.pop();
                number[b] = order.size();
                order.add(b);
            }
        }
    }

    private static int meet(int a, int b, int[] dominator, int[] number) {
        int x = a;
        int y = b;
        while (x != y) {
            while (number[x] < number[y]) {
                x = dominator[x];
            }
            while (number[y] < number[x]) {
                y = dominator[y];
            }
        }
        return x;
    }
}
