"""A small synthesiser: instruments, a mixing desk, a room.

Everything is a list of floats at RATE, and nothing is left to chance: noise comes from a generator of our own, so the
same score gives the same samples on every machine. Loops over samples are written as comprehensions over slices
wherever that is possible, because that is what makes plain Python quick enough.
"""

import math
import wave
from array import array
from functools import lru_cache

RATE = 44_100


def hertz(key):
    """The frequency of a MIDI key; 69 is the A of 440 Hz."""
    return 440.0 * 2.0 ** ((key - 69) / 12)


class Noise:
    """A linear congruential generator: noise that is the same every time."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        """The next number, from -1 up to 1."""
        self.state = (self.state * 1_664_525 + 1_013_904_223) % 2**32
        return self.state / 2**31 - 1.0


# --- Instruments: each returns the samples of one note ---------------------------------------------------------------


@lru_cache(maxsize=None)
def pluck(key, seconds, ring=2.5, softness=0.5):
    """A plucked string (Karplus and Strong): noise that runs around in a delay line and loses its edge."""
    period = RATE / hertz(key)
    whole = int(period)
    part = period - whole
    loss = 10 ** (-3 * period / (RATE * ring))
    # Around the loop: a little low-pass, and a delay by the fraction of a sample that tunes the string.
    edge = 0.06
    taps = [edge, 1 - 2 * edge, edge]
    taps = [loss * ((1 - part) * a + part * b) for a, b in zip(taps + [0], [0] + taps)]
    noise = Noise(key * 7919)
    string = [noise.next() for _ in range(whole + 3)]
    for _ in range(1 + int(softness * 6)):
        string = [(a + b) / 2 for a, b in zip(string, string[1:] + string[:1])]
    # Where the string is plucked, a node cannot sound.
    shift = max(1, whole // 6)
    string = [a - b for a, b in zip(string, string[shift:] + string[:shift])]
    loudest = max(map(abs, string)) or 1.0
    samples = [s / loudest for s in string]
    block = whole - 1
    t0, t1, t2, t3 = taps
    while len(samples) < seconds * RATE:
        start = len(samples) - whole + 1
        a = samples[start : start + block]
        b = samples[start - 1 : start - 1 + block]
        c = samples[start - 2 : start - 2 + block]
        d = samples[start - 3 : start - 3 + block]
        samples.extend([t0 * p + t1 * q + t2 * r + t3 * s for p, q, r, s in zip(a, b, c, d)])
    return shaped(samples[: int(seconds * RATE)], attack=0.001, release=0.08)


@lru_cache(maxsize=None)
def bell(key, seconds, ratio=3.5, brightness=1.4):
    """Two sines, one bending the other: an electric piano with a high ratio of neither wood nor metal."""
    step, bend = math.tau * hertz(key) / RATE, math.tau * hertz(key) * ratio / RATE
    fade, dull = 3.2 / (seconds * RATE), 9.0 / (seconds * RATE)
    sin, exp = math.sin, math.exp
    samples = [exp(-fade * n) * sin(step * n + brightness * exp(-dull * n) * sin(bend * n)) for n in range(int(seconds * RATE))]
    return shaped(samples, attack=0.004, release=0.2)


@lru_cache(maxsize=None)
def bass(key, seconds):
    """A soft, round low note."""
    step, fade = math.tau * hertz(key) / RATE, 1.6 / (seconds * RATE)
    sin, exp = math.sin, math.exp
    samples = [exp(-fade * n) * (sin(step * n) + 0.28 * sin(2 * step * n) + 0.1 * sin(3 * step * n)) for n in range(int(seconds * RATE))]
    return shaped(samples, attack=0.012, release=0.12)


@lru_cache(maxsize=None)
def pad(key, seconds, attack=1.2, release=1.8):
    """Three string players who do not quite agree, a long way off."""
    table = cycle([1.0, 0.42, 0.26, 0.12, 0.08, 0.04])
    voices = [looped(table, hertz(key) * 2 ** (cents / 1200), seconds, start) for cents, start in ((-7, 0.1), (0, 0.45), (6, 0.8))]
    return shaped([(a + b + c) / 3 for a, b, c in zip(*voices)], attack, release)


@lru_cache(maxsize=None)
def reed(key, seconds):
    """A concertina: two reeds a little apart, so that they beat."""
    table = cycle([1.0, 0.55, 0.62, 0.22, 0.3, 0.1, 0.12, 0.05])
    voices = [looped(table, hertz(key) * 2 ** (cents / 1200), seconds, start) for cents, start in ((-4, 0.0), (5, 0.5))]
    return shaped([(a + b) / 2 for a, b in zip(*voices)], attack=0.035, release=0.09)


@lru_cache(maxsize=None)
def brush(seconds, seed=1):
    """A brush on a drum: noise without its lows, quickly gone."""
    noise, fade, last = Noise(seed), 7.0 / (seconds * RATE), 0.0
    samples = []
    for n in range(int(seconds * RATE)):
        now = noise.next()
        samples.append((now - last) * 0.5 * math.exp(-fade * n))
        last = now
    return shaped(samples, attack=0.006, release=0.02)


@lru_cache(maxsize=None)
def thump(seconds=0.32):
    """A foot on a wooden floor."""
    phase, samples = 0.0, []
    for n in range(int(seconds * RATE)):
        phase += math.tau * (48 + 70 * math.exp(-n / 900)) / RATE
        samples.append(math.sin(phase) * math.exp(-n / 3600))
    return shaped(samples, attack=0.002, release=0.05)


@lru_cache(maxsize=None)
def tone(key, seconds):
    """A bare sine with soft ends, as a signal is."""
    step = math.tau * hertz(key) / RATE
    return shaped([math.sin(step * n) for n in range(int(seconds * RATE))], attack=0.012, release=0.012)


def cycle(harmonics, length=2048):
    """One turn of a wave made of these harmonics, the first the fundamental."""
    turn = [sum(a * math.sin(math.tau * (h + 1) * n / length) for h, a in enumerate(harmonics)) for n in range(length)]
    loudest = max(map(abs, turn))
    return [s / loudest for s in turn]


def looped(table, frequency, seconds, start):
    """The wave, gone through over and over."""
    length = len(table)
    step, phase = frequency * length / RATE, start * length
    return [table[int(phase + step * n) % length] for n in range(int(seconds * RATE))]


def shaped(samples, attack, release):
    """The samples with a soft beginning and end."""
    samples = list(samples)
    up = min(int(attack * RATE), len(samples) // 2)
    down = min(int(release * RATE), len(samples) - up)
    for n in range(up):
        samples[n] *= n / up
    for n in range(down):
        samples[-1 - n] *= n / down
    return samples


# --- The desk --------------------------------------------------------------------------------------------------------


class Mix:
    """Two channels to which notes are added."""

    def __init__(self, seconds):
        self.left = [0.0] * int(seconds * RATE)
        self.right = [0.0] * int(seconds * RATE)

    def add(self, note, at, gain=1.0, pan=0.0):
        """Adds a note at so many seconds; pan goes from -1, left, to 1, right. What reaches over the end is cut."""
        start = int(at * RATE)
        angle = (pan + 1) * math.pi / 4
        for channel, share in ((self.left, math.cos(angle)), (self.right, math.sin(angle))):
            level = gain * share
            end = min(start + len(note), len(channel))
            channel[start:end] = [a + level * b for a, b in zip(channel[start:end], note)]

    def add_mix(self, other, at=0.0, gain=1.0):
        """Adds all of another mix."""
        start = int(at * RATE)
        for mine, theirs in ((self.left, other.left), (self.right, other.right)):
            end = min(start + len(theirs), len(mine))
            mine[start:end] = [a + gain * b for a, b in zip(mine[start:end], theirs)]

    def in_room(self, wet=0.25, ring=1.8):
        """The mix as it sounds in a room."""
        both = [(a + b) / 2 for a, b in zip(self.left, self.right)]
        for channel, offset in ((self.left, 0), (self.right, 37)):
            echo = room(both, ring, offset)
            channel[:] = [a + wet * b for a, b in zip(channel, echo)]
        return self

    def faded(self, seconds_in, seconds_out):
        """The mix with its ends faded."""
        self.left = shaped(self.left, seconds_in, seconds_out)
        self.right = shaped(self.right, seconds_in, seconds_out)
        return self

    def ducked(self, spans, depth=0.3, ramp=0.5):
        """The mix, quieter while somebody speaks: `spans` are (from, to) in seconds."""
        level = [1.0] * len(self.left)
        steps = int(ramp * RATE)
        for start, end in spans:
            a, b = int(start * RATE), min(int(end * RATE), len(level))
            level[a:b] = [depth] * (b - a)
            for n in range(steps):
                share = depth + (1 - depth) * n / steps
                if 0 <= a - 1 - n:
                    level[a - 1 - n] = min(level[a - 1 - n], share)
                if b + n < len(level):
                    level[b + n] = min(level[b + n], share)
        self.left = [a * b for a, b in zip(self.left, level)]
        self.right = [a * b for a, b in zip(self.right, level)]
        return self

    def write(self, path):
        """Writes a 16-bit WAV file whose loudest sample is a little below full scale."""
        loudest = max(max(map(abs, self.left)), max(map(abs, self.right))) or 1.0
        scale = 0.8 * 32767 / loudest
        samples = array("h", bytes(4 * len(self.left)))
        samples[0::2] = array("h", [round(scale * s) for s in self.left])
        samples[1::2] = array("h", [round(scale * s) for s in self.right])
        with wave.open(str(path), "wb") as file:
            file.setparams((2, 2, RATE, 0, "NONE", "not compressed"))
            file.writeframes(samples.tobytes())


def room(samples, ring, offset):
    """What the walls give back (after Schroeder): parallel combs, then all-passes."""
    combs = [comb(samples, delay + offset, ring) for delay in (1557, 1617, 1491, 1422, 1277, 1356)]
    mixed = [sum(parts) / len(combs) for parts in zip(*combs)]
    for delay in (225, 556, 441):
        mixed = all_pass(mixed, delay + offset, 0.5)
    return mixed


def comb(samples, delay, ring):
    """An echo that repeats, each time duller."""
    gain = 10 ** (-3 * delay / (RATE * ring))
    out = [0.0] * (delay + 1)
    for start in range(0, len(samples), delay):
        fresh = samples[start : start + delay]
        at = len(out) - delay
        out.extend([a + gain * (0.6 * b + 0.4 * c) for a, b, c in zip(fresh, out[at : at + delay], out[at - 1 : at - 1 + delay])])
    return out[1 : len(samples) + 1]


def all_pass(samples, delay, gain):
    """Spreads a sound in time and leaves its colour."""
    held_in, held_out, out = [0.0] * delay, [0.0] * delay, []
    for start in range(0, len(samples), delay):
        fresh = samples[start : start + delay]
        spread = [b - gain * a + gain * c for a, b, c in zip(fresh, held_in, held_out)]
        out.extend(spread)
        held_in, held_out = fresh, spread
    return out


def read_wav(path):
    """The samples of a 16-bit mono WAV file at RATE."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE), f"{path} is of another kind"
        return [s / 32768 for s in array("h", file.readframes(file.getnframes()))]
