// Loaded on first use only: undici costs a cold start 60 ms. A file of its own, because a bundle that is split gives a
// dynamically imported CommonJS package nothing but `default`.
export { Agent } from 'undici';
