import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/views.css';
import { readAlong } from './live/live-feed.js';
import { Shell } from './shell/shell.js';

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no place to be drawn');
render(<Shell />, root);
readAlong();
