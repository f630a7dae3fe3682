// One question to one subject, in a process of its own. Sends one message with the answer.
import { QUESTIONS } from './questions.mjs';

const { question, subject, ...terms } = JSON.parse(process.argv[2]);

process.send({ answer: await QUESTIONS[question](await import(`./subjects/${subject}.mjs`), terms) });
