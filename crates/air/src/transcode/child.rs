//! The child's side: it locks itself in, then does what it is told until its input ends.
//!
//! It is a plain loop that reads a message, works, and writes the answers. It has one thread and no clock, and remembers
//! nothing but its codec's state. Whatever goes wrong in it ends it.
//!
//! Start at [`run`].

use std::io::{self, BufReader, Read, Write};
use std::process::ExitCode;

use audio::decode::Decoder;
use audio::encode::{Encoder, Impossible};
use audio::pcm::Layout;

use super::cell;
use super::message::{self, Answer, Job, NUMBERS_MAX, Order};

/// Why a child gives up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pipes to the parent are broken.
    #[error("the parent is gone")]
    Parent(#[from] io::Error),
    /// The parent said something that makes no sense.
    #[error("the parent said something that makes no sense")]
    Nonsense,
    /// The parent wants what cannot be encoded.
    #[error(transparent)]
    Impossible(#[from] Impossible),
}

/// Locks the process in and serves its parent over standard input and output until the parent is done.
pub fn run() -> ExitCode {
    let cell = cell::lock();
    let mut output = io::stdout().lock();
    let served = answer(&mut output, &[Answer::Ready(cell.shortcomings())])
        .and_then(|()| serve(BufReader::new(io::stdin().lock()), &mut output, || cell.lengthen_leash()));
    // Nobody reads what it would say; the code is enough.
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Does what it reads until that ends. `at_each_order` is called before each.
fn serve(mut input: impl Read, mut output: impl Write, mut at_each_order: impl FnMut()) -> Result<(), Error> {
    let Some((kind, body)) = read(&mut input)? else { return Ok(()) };
    let mut worker = Worker::new(Job::read(kind, &body).ok_or(Error::Nonsense)?)?;
    while let Some((kind, body)) = read(&mut input)? {
        at_each_order();
        let mut answers = worker.work(Order::read(kind, &body).ok_or(Error::Nonsense)?)?;
        answers.push(Answer::Done);
        answer(&mut output, &answers)?;
    }
    Ok(())
}

fn answer(output: &mut impl Write, answers: &[Answer]) -> Result<(), Error> {
    let mut bytes = Vec::new();
    answers.iter().for_each(|answer| answer.write(&mut bytes));
    output.write_all(&bytes)?;
    Ok(output.flush()?)
}

/// The next message; `None` where the input ends.
fn read(input: &mut impl Read) -> Result<Option<(u8, Vec<u8>)>, Error> {
    let mut head = [0; 4];
    match input.read_exact(&mut head) {
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut kind = [0];
    input.read_exact(&mut kind)?;
    let mut body = vec![0; message::length(head).ok_or(Error::Nonsense)? - 1];
    input.read_exact(&mut body)?;
    Ok(Some((kind[0], body)))
}

/// What works.
enum Worker {
    Decoder {
        decoder: Decoder,
        /// The newest frame that could be decoded: its layout, and how many numbers it was.
        last: Option<(Layout, usize)>,
    },
    Encoder(Box<Encoder>),
}

impl Worker {
    fn new(job: Job) -> Result<Self, Error> {
        Ok(match job {
            Job::Decode(codec) => Worker::Decoder { decoder: Decoder::new(codec), last: None },
            Job::Encode(recipe) => Worker::Encoder(Box::new(Encoder::new(&recipe)?)),
        })
    }

    fn work(&mut self, order: Order) -> Result<Vec<Answer>, Error> {
        match (self, order) {
            (Worker::Decoder { decoder, .. }, Order::Open(format, headers)) => {
                let opened = decoder.open(&format, &headers);
                Ok(opened.err().map(|why| Answer::Broken(why.to_string())).into_iter().collect())
            }
            (Worker::Decoder { decoder, last }, Order::Frame(frame)) => Ok(decode(decoder, last, &frame)),
            (Worker::Decoder { decoder, .. }, Order::Jump) => {
                decoder.jump();
                Ok(Vec::new())
            }
            (Worker::Encoder(encoder), Order::Sound(pcm)) => Ok(made(|out| encoder.encode(&pcm, out))),
            (Worker::Encoder(encoder), Order::Finish) => Ok(made(|out| encoder.finish(out))),
            _ => Err(Error::Nonsense),
        }
    }
}

/// The sound of a frame. In the place of one that cannot be decoded stands as much silence as the one before it was sound,
/// so that the programme keeps its time.
fn decode(decoder: &mut Decoder, last: &mut Option<(Layout, usize)>, frame: &[u8]) -> Vec<Answer> {
    let mut pcm = Vec::new();
    match decoder.decode(frame, &mut pcm) {
        Ok(layout) => {
            *last = Some((layout, pcm.len()));
            sound(layout, &pcm).collect()
        }
        Err(why) => {
            let silence = last.map(|(layout, numbers)| (layout, vec![0.0; numbers]));
            let silence = silence.iter().flat_map(|(layout, pcm)| sound(*layout, pcm));
            std::iter::once(Answer::Broken(why.to_string())).chain(silence).collect()
        }
    }
}

fn sound(layout: Layout, pcm: &[f32]) -> impl Iterator<Item = Answer> {
    pcm.chunks(NUMBERS_MAX).map(move |portion| Answer::Sound(layout, portion.to_vec()))
}

fn made(encode: impl FnOnce(&mut Vec<u8>) -> Result<(), audio::encode::Failed>) -> Vec<Answer> {
    let mut bytes = Vec::new();
    let encoded = encode(&mut bytes);
    let failed = encoded.err().map(|why| Answer::Failed(why.to_string()));
    let stream = (!bytes.is_empty()).then_some(Answer::Stream(bytes));
    stream.into_iter().chain(failed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio::encode::{Coding, Recipe};
    use audio::{Codec, Format};
    use bytes::Bytes;

    const MP3: Format = Format { codec: Codec::Mp3, sample_rate_hz: 44_100, channels: 2 };

    /// What a child says to a job and some orders.
    fn answers(job: Job, orders: &[Order]) -> Result<Vec<Answer>, Error> {
        let (mut input, mut output) = (Vec::new(), Vec::new());
        job.write(&mut input);
        orders.iter().for_each(|order| order.write(&mut input));
        serve(&input[..], &mut output, || {})?;
        let mut output = &output[..];
        let mut answers = Vec::new();
        while let Some((kind, body)) = read(&mut output)? {
            answers.push(Answer::read(kind, &body).expect("a child gives answers"));
        }
        Ok(answers)
    }

    fn frame() -> Bytes {
        audio::mpeg::silent_frame(44_100, 2, 128).expect("MP3 has such frames").bytes
    }

    #[test]
    fn frames_are_answered_with_sound_and_every_order_with_done() {
        let said = answers(Job::Decode(Codec::Mp3), &[Order::Open(MP3, Bytes::new()), Order::Frame(frame())]).unwrap();
        let layout = Layout { sample_rate_hz: 44_100, channels: 2 };
        assert_eq!(said, [Answer::Done, Answer::Sound(layout, vec![0.0; 2304]), Answer::Done]);
    }

    #[test]
    fn a_broken_frame_is_told_and_is_as_much_silence() {
        let broken = Order::Frame(frame().slice(..100));
        let orders = [Order::Open(MP3, Bytes::new()), broken.clone(), Order::Frame(frame()), broken];
        let said = answers(Job::Decode(Codec::Mp3), &orders).unwrap();
        let shape: Vec<_> = said
            .iter()
            .map(|answer| match answer {
                Answer::Sound(_, pcm) => format!("sound {}", pcm.len()),
                Answer::Broken(_) => "broken".to_owned(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(shape, ["Done", "broken", "Done", "sound 2304", "Done", "broken", "sound 2304", "Done"]);
    }

    #[test]
    fn sound_is_answered_with_frames() {
        let recipe = Recipe { coding: Coding::Mp3, bitrate_kbps: 128, layout: Layout::HOUSE };
        let orders = [Order::Sound(vec![0.1; 2304 * 2]), Order::Finish];
        let said = answers(Job::Encode(recipe), &orders).unwrap();
        let [Answer::Stream(first), Answer::Done, Answer::Stream(rest), Answer::Done] = &said[..] else {
            panic!("{said:?}")
        };
        assert_eq!((first.len() % 384, rest.len() % 384), (0, 0), "whole frames");
    }

    #[test]
    fn nonsense_ends_it() {
        let decode = Job::Decode(Codec::Mp3);
        assert!(matches!(answers(decode, &[Order::Sound(vec![0.0])]), Err(Error::Nonsense)));
        let recipe = Recipe { coding: Coding::Opus, bitrate_kbps: 9999, layout: Layout::HOUSE };
        assert!(matches!(answers(Job::Encode(recipe), &[]), Err(Error::Impossible(_))));
        assert!(matches!(serve(&[0xff; 64][..], Vec::new(), || {}), Err(Error::Nonsense)));
        assert!(matches!(serve(&[9, 0, 0, 0, 1][..], Vec::new(), || {}), Err(Error::Parent(_))), "cut short");
    }
}
