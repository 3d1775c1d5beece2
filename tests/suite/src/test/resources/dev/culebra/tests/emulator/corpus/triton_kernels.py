"""Kernels as Triton writes them, compiled for sm_80 and sm_89 without a GPU: a masked product, a softmax of rows, attention."""
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def softmax(x, o, n, B: tl.constexpr):
    r = tl.program_id(0)
    i = tl.arange(0, B)
    v = tl.load(x + r * n + i, mask=i < n, other=-float("inf"))
    e = tl.exp(v - tl.max(v, 0))
    tl.store(o + r * n + i, e / tl.sum(e, 0), mask=i < n)


@triton.jit
def matmul(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rm = tl.program_id(0) * BM + tl.arange(0, BM)
    rn = tl.program_id(1) * BN + tl.arange(0, BN)
    rk = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, K, BK):
        x = tl.load(a + rm[:, None] * K + (k + rk)[None, :], mask=(rm[:, None] < M) & ((k + rk)[None, :] < K), other=0.0)
        y = tl.load(b + (k + rk)[:, None] * N + rn[None, :], mask=((k + rk)[:, None] < K) & (rn[None, :] < N), other=0.0)
        acc = tl.dot(x, y, acc)
    tl.store(c + rm[:, None] * N + rn[None, :], acc, mask=(rm[:, None] < M) & (rn[None, :] < N))


@triton.jit
def attention(q, k, v, o, scale, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    pm = tl.program_id(0)
    rm = pm * BM + tl.arange(0, BM)
    rd = tl.arange(0, D)
    qq = tl.load(q + rm[:, None] * D + rd[None, :])
    m = tl.full((BM,), -float("inf"), tl.float32)
    total = tl.zeros((BM,), tl.float32)
    acc = tl.zeros((BM, D), tl.float32)
    for s in range(0, (pm + 1) * BM, BN):
        rn = s + tl.arange(0, BN)
        p = tl.dot(qq, tl.load(k + rn[None, :] * D + rd[:, None])) * scale
        p = tl.where(rm[:, None] >= rn[None, :], p, -float("inf"))
        most = tl.maximum(m, tl.max(p, 1))
        e = tl.exp2((p - most[:, None]) * 1.44269504)
        shrink = tl.exp2((m - most) * 1.44269504)
        total = total * shrink + tl.sum(e, 1)
        acc = tl.dot(e.to(tl.float16), tl.load(v + rn[:, None] * D + rd[None, :]), acc * shrink[:, None])
        m = most
    tl.store(o + rm[:, None] * D + rd[None, :], (acc / total[:, None]).to(tl.float16))


def save(name, fn, signature, constants, capability):
    source = ASTSource(fn=fn, signature=signature | {k: "constexpr" for k in constants}, constexprs=constants)
    kernel = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=dict(num_warps=4, ptx_version=84))
    text = kernel.asm["ptx"]
    lines = [l for l in text[: text.index("\t.section")].splitlines() if not l.strip().startswith((".loc", ".file", "//"))]
    with open(name + ".ptx", "w") as f:  # without debug sections, which name this machine's folders
        f.write("// dynamic shared memory: %d bytes\n" % kernel.metadata.shared + "\n".join(lines) + "\n")


for kind, capability in (("fp16", 80), ("fp8e4nv", 89)):
    save("triton-matmul-" + kind, matmul, dict(a="*" + kind, b="*" + kind, c="*fp32", M="i32", N="i32", K="i32"),
         dict(BM=32, BN=32, BK=32), capability)
save("triton-softmax", softmax, dict(x="*fp32", o="*fp32", n="i32"), dict(B=1024), 80)
save("triton-attention", attention, dict(q="*fp16", k="*fp16", v="*fp16", o="*fp16", scale="fp32"),
     dict(D=32, BM=32, BN=32), 80)
