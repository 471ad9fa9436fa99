/* a /* b */ c */ SELECT 1 -- x
 /*traceparent='00-1-2-01',route='%2Fa'*/; /* d */