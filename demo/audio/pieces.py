"""The music of Harrow Valley Public Radio. Each piece is a function that returns a mix.

Pitches are written as names ("F#4"), times in beats; a piece says how long its beat is.
"""

from synth import Mix, Noise, bass, bell, brush, pad, pluck, reed, thump, tone

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS = {"#": 1, "b": -1}


def key(name):
    """The MIDI key of a name: "A4" is 69."""
    return STEPS[name[0]] + sum(SIGNS[sign] for sign in name[1:-1]) + 12 * (int(name[-1]) + 1)


def keys(names):
    """The MIDI keys of names with spaces between."""
    return [key(name) for name in names.split()]


def signature(mix, at, gain=1.0):
    """The station's four notes: down the ridge, over the river, and up to the mast."""
    for beat, name in enumerate(("A5", "D5", "E5", "B5")):
        mix.add(bell(key(name), 2.6), at + 0.22 * beat, 0.5 * gain, pan=(-0.4, -0.1, 0.2, 0.4)[beat])
    for name in ("D3", "A3", "E4", "F#4"):
        mix.add(pad(key(name), 3.6, 0.5, 2.4), at, 0.22 * gain, pan=0.0)


def mill_race():
    """Running notes over a slow bass, in D."""
    beat = 60 / 104
    chords = {
        "D": "D3 A3 D4 F#4 A4", "Bm": "B2 F#3 D4 F#4 B4", "G": "G2 D3 B3 D4 G4", "A": "A2 E3 C#4 E4 A4",
        "D/F#": "F#2 D3 A3 D4 F#4", "Em": "E2 B2 G3 B3 E4", "F#m": "F#2 C#3 A3 C#4 F#4", "Gmaj": "G2 D3 B3 F#4 A4",
    }
    round_one = ["D", "Bm", "G", "A", "D/F#", "G", "Em", "A"]
    bars = ["D", "D"] + round_one + ["D", "Bm", "Gmaj", "A", "D/F#", "Gmaj", "Em", "A"] + ["Bm", "F#m", "G", "A"] + ["D", "Gmaj", "D"]
    figures = [[0, 2, 3, 4, 3, 2, 1, 2, 0, 2, 4, 3, 2, 3, 1, 2], [0, 3, 2, 4, 1, 3, 2, 4, 0, 4, 3, 2, 1, 3, 4, 2]]
    melody = {
        10: [(0, "F#5"), (1.5, "E5"), (2, "D5")], 11: [(0, "D5"), (2, "F#5"), (3, "A5")], 12: [(0, "B5"), (1.5, "A5"), (3, "F#5")],
        13: [(0, "E5"), (2, "C#5")], 14: [(0, "D5"), (1, "F#5"), (2, "A5")], 15: [(0, "B5"), (2, "D6"), (3, "A5")],
        16: [(0, "G5"), (1.5, "F#5"), (3, "E5")], 17: [(0, "E5"), (2, "A5")], 18: [(0, "D6")], 19: [(0, "C#6")],
        20: [(0, "B5"), (2, "D6")], 21: [(0, "C#6"), (2, "E6")], 22: [(0, "D6")], 23: [(0, "A5"), (2, "F#5")], 24: [(0, "D5")],
    }
    mix, loose = Mix(len(bars) * 4 * beat + 3.5), Noise(104)
    for bar, name in enumerate(bars):
        start, notes = bar * 4 * beat, keys(chords[name])
        mix.add(bass(notes[0], 2.2), start, 0.38)
        if 2 <= bar < len(bars) - 1:
            mix.add(bass(notes[1], 1.0), start + 2.5 * beat, 0.2)
        if bar >= 6:
            for note in notes[1:4]:
                mix.add(pad(note, 4 * beat + 1.2, 0.9, 1.3), start, 0.1, pan=0.3 if note % 2 else -0.3)
        last = bar == len(bars) - 1
        for place, index in enumerate([0, 1, 2, 3, 4] if last else figures[bar % 2]):
            accent = 0.5 if place % 4 == 0 else 0.32
            at = start + place * beat / 4 * (1.6 if last else 1) + 0.004 * (loose.next() + 1)
            mix.add(pluck(notes[index] + 12, 2.2, 1.9, 0.45), at, accent + 0.05 * loose.next(), pan=(index - 2) * 0.28)
        for place, name in melody.get(bar, []):
            mix.add(bell(key(name), 2.4, 2.0, 0.9), start + place * beat, 0.3, pan=0.15)
        if 6 <= bar < len(bars) - 1:
            for eighth in range(8):
                mix.add(brush(0.09, eighth + 1), start + eighth * beat / 2, 0.16 if eighth % 4 == 2 else 0.07, pan=-0.2)
            mix.add(thump(), start, 0.3)
            mix.add(thump(), start + 2.5 * beat, 0.2)
    return mix.in_room(0.3, 1.7).faded(0.01, 2.5)


def sawyer_ridge():
    """Wide chords and a few notes above them: the light comes from behind the ridge."""
    beat = 60 / 62
    chords = [
        ("F2", "F3 C4 E4 G4 A4"), ("D2", "D3 A3 C4 E4 F4"), ("Bb1", "Bb2 F3 A3 C4 D4"), ("C2", "C3 G3 Bb3 D4 F4"),
        ("A1", "A2 E3 G3 C4 E4"), ("G1", "G2 D3 F3 A3 Bb3"), ("C2", "C3 G3 Bb3 D4 E4"), ("F1", "F2 C3 E3 A3 C4"),
        ("Bb1", "Bb2 F3 A3 C4 D4"), ("A1", "A2 E3 G3 C4 E4"), ("G1", "G2 D3 F3 A3 Bb3"), ("C2", "C3 G3 Bb3 D4 F4"),
        ("F1", "F2 C3 E3 A3 C4 G4"), ("F1", "F2 C3 A3 C4 G4"),
    ]
    melody = [
        [(0, "C6"), (1, "A5"), (2, "G5")], [(0.5, "E5"), (2, "F5"), (3, "A5")], [(0, "D6"), (1.5, "C6"), (3, "A5")], [(0, "G5")],
        [(0, "E5"), (1, "G5"), (2, "C6")], [(0, "Bb5"), (1.5, "A5"), (2.5, "F5")], [(0, "G5"), (2, "D5"), (3, "E5")], [(0, "C5"), (2, "A5")],
        [(0, "D6"), (1, "F6"), (2, "E6")], [(0, "C6"), (2, "G5"), (3, "A5")], [(0, "Bb5"), (1, "D6"), (2.5, "C6")], [(0, "G5"), (2, "F5")],
        [(0, "A5"), (2, "C6")], [(0, "G6")],
    ]
    mix, loose = Mix(len(chords) * 4 * beat + 4), Noise(62)
    for bar, (low, names) in enumerate(chords):
        start, notes = bar * 4 * beat, keys(names)
        mix.add(bass(key(low) + 12, 4 * beat), start, 0.42)
        for index, note in enumerate(notes):
            mix.add(pad(note, 4 * beat + 2.2, 1.4, 2.2), start, 0.2, pan=(index - 2) * 0.35)
        for place, name in melody[bar]:
            at = start + place * beat + 0.01 * (loose.next() + 1)
            mix.add(bell(key(name), 3.4, 1.0, 1.1), at, 0.34, pan=-0.15)
            mix.add(bell(key(name), 3.0, 1.0, 0.8), at + 0.75 * beat, 0.1, pan=0.6)
        if bar >= 4:
            for eighth in range(8):
                note = notes[(eighth * 3) % len(notes)] + 12
                mix.add(pluck(note, 1.8, 1.6, 0.9), start + eighth * beat / 2, 0.13, pan=0.5 if eighth % 2 else -0.5)
    return mix.in_room(0.5, 2.8).faded(0.4, 3.5)


def lower_mills():
    """A waltz for concertina, mandolin and whoever brought a guitar, in G."""
    beat = 60 / 138
    chords = {
        "G": ("G2", "D2", "G3 B3 D4"), "C": ("C3", "G2", "G3 C4 E4"), "D": ("D3", "A2", "F#3 A3 D4"), "D7": ("D3", "A2", "F#3 C4 D4"),
        "Em": ("E2", "B2", "G3 B3 E4"), "Am": ("A2", "E2", "A3 C4 E4"), "E7": ("E2", "B2", "G#3 B3 D4"), "A7": ("A2", "E2", "G3 A3 C#4"),
    }
    part_a = [
        ("G", "D5 B4 D5"), ("G", "G5 - F#5"), ("C", "E5 C5 E5"), ("G", "D5 - -"), ("G", "B4 D5 G5"), ("Em", "G5 F#5 E5"), ("D7", "F#5 - E5"), ("D7", "D5 - -"),
    ]
    part_b = [
        ("G", "D5 B4 D5"), ("G", "G5 - A5"), ("C", "G5 E5 C5"), ("G", "B4 - D5"), ("Am", "C5 E5 A5"), ("D7", "F#5 E5 D5"), ("G", "G5 - -"), ("G", "G5 - ."),
    ]
    part_c = [
        ("C", "E5 G5 C6"), ("C", "B5 - A5"), ("G", "G5 D5 B4"), ("G", "D5 - -"), ("D7", "F#5 A5 C6"), ("D7", "B5 A5 F#5"), ("G", "G5 - B5"), ("G", "D5 - -"),
    ]
    part_d = [
        ("C", "E5 G5 C6"), ("C", "B5 A5 G5"), ("G", "B5 - G5"), ("E7", "G#5 - E5"), ("A7", "A5 G5 E5"), ("D7", "F#5 E5 D5"), ("G", "G5 - -"), ("G", "G5 - ."),
    ]
    parts = [(part_a, "pluck"), (part_b, "reed"), (part_c, "reed"), (part_d, "both"), (part_b, "both")]
    bars = [(chord, tune, voice) for part, voice in parts for chord, tune in part]
    mix, loose = Mix((len(bars) * 3 + 2) * beat + 3), Noise(138)
    for bar, (chord, tune, voice) in enumerate(bars):
        start = bar * 3 * beat
        low, other, names = chords[chord]
        mix.add(pluck(key(low if bar % 2 == 0 else other), 1.6, 1.6, 0.8), start, 0.62, pan=-0.1)
        for strum in (1, 2):
            for index, note in enumerate(keys(names)):
                at = start + strum * beat + 0.012 * index + 0.004 * (loose.next() + 1)
                mix.add(pluck(note, 0.9, 0.9, 0.6), at, 0.2, pan=-0.35)
            if bar >= 8:
                mix.add(brush(0.1, strum), start + strum * beat, 0.1, pan=0.2)
        if bar >= 8:
            mix.add(thump(), start, 0.28)
        for place, length, name in sung(tune):
            at = start + place * beat + 0.006 * (loose.next() + 1)
            if voice in ("reed", "both"):
                mix.add(reed(key(name), length * beat * 0.94), at, 0.22, pan=0.3)
                if voice == "both":
                    mix.add(reed(key(name) - 12, length * beat * 0.94), at, 0.1, pan=0.45)
            if voice in ("pluck", "both"):
                gain = 0.4 if voice == "pluck" else 0.24
                mix.add(pluck(key(name), 1.5, 1.3, 0.2), at, gain, pan=0.1)
                if length >= 2:
                    mix.add(pluck(key(name), 1.2, 1.1, 0.2), at + beat, gain * 0.6, pan=0.1)
    end = len(bars) * 3 * beat
    for index, note in enumerate(keys("G2 D3 G3 B3 D4 G4")):
        mix.add(pluck(note, 3.5, 3.0, 0.5), end + 0.03 * index, 0.42, pan=-0.2)
    return mix.in_room(0.16, 0.9).faded(0.01, 1.5)


def sung(tune):
    """The notes of one bar: "G5 - F#5" is a long one and a short one, "." is silence."""
    notes = []
    for place, word in enumerate(tune.split()):
        if word == "-":
            start, length, name = notes[-1]
            notes[-1] = (start, length + 1, name)
        elif word != ".":
            notes.append((place, 1, word))
    return notes


def night_signal():
    """Slow chords over a low A. Something far off keeps sending five letters."""
    chords = ["A2 E3 B3 C4 G4", "F2 C3 A3 E4 G4", "C3 E3 B3 D4 G4", "D3 A3 C4 F4 E4", "A2 E3 B3 C4 E4", "F2 C3 A3 C4 G4", "G2 D3 B3 D4 A4", "A2 E3 A3 B3 E4"]
    length = 7.5
    mix, loose = Mix(len(chords) * length + 5), Noise(5)
    for index, names in enumerate(chords):
        start = index * length
        for place, note in enumerate(keys(names)):
            mix.add(pad(note, length + 4.5, 3.0, 4.2), start, 0.24, pan=(place - 2) * 0.4)
        for pulse in range(5):
            mix.add(bass(key("A1") + 12 if index % 2 == 0 else keys(names)[0], 1.4), start + pulse * 1.5, 0.3 if pulse == 0 else 0.15)
        for drop in range(3):
            note = keys(names)[2 + (index + drop) % 3] + 24
            at = start + 1.5 + drop * 2.0 + 0.25 * loose.next()
            for echo in range(3):
                mix.add(bell(note, 3.0, 1.0, 0.6), at + echo * 0.5, 0.11 * 0.5**echo, pan=0.7 if (drop + echo) % 2 else -0.7)
    for at, name, gain in ((9.0, "E6", 0.05), (31.5, "A5", 0.06), (48.0, "E6", 0.04)):
        for place, seconds in morse("WHVPR", 0.11):
            for echo in range(3):
                mix.add(tone(key(name), seconds), at + place + echo * 0.33, gain * 0.45**echo, pan=(-0.5, 0.5, 0.0)[echo])
    return mix.in_room(0.6, 3.6).faded(2.0, 5.0)


MORSE = {"W": ".--", "H": "....", "V": "...-", "P": ".--.", "R": ".-."}


def morse(word, dot):
    """When each sign of the word begins and how long it sounds."""
    at, signs = 0.0, []
    for letter in word:
        for sign in MORSE[letter]:
            seconds = dot * (3 if sign == "-" else 1)
            signs.append((at, seconds))
            at += seconds + dot
        at += 2 * dot
    return signs


def bed(seconds):
    """A quiet figure to speak over."""
    beat, mix = 60 / 96, Mix(seconds)
    chords = ["D3 A3 D4 E4 F#4", "B2 F#3 D4 E4 A4", "G2 D3 B3 D4 A4", "A2 E3 B3 D4 E4"]
    bar = 0
    while (bar + 1) * 4 * beat < seconds:
        notes, start = keys(chords[bar % 4]), bar * 4 * beat
        mix.add(bass(notes[0], 2.0), start, 0.35)
        for note in notes[1:4]:
            mix.add(pad(note, 4 * beat + 1.0, 0.8, 1.0), start, 0.12)
        for eighth in range(8):
            mix.add(pluck(notes[1 + (eighth * 2) % 4] + 12, 1.2, 0.9, 0.9), start + eighth * beat / 2, 0.2, pan=0.4 if eighth % 2 else -0.4)
        bar += 1
    return mix.in_room(0.25, 1.4).faded(0.05, 2.0)
